/** Sign-ups checked by Valibot, after its documentation. */
import * as v from "valibot";

const SignUp = v.pipe(
  v.object({
    email: v.pipe(v.string(), v.trim(), v.email("The email address is badly formatted.")),
    password: v.pipe(v.string(), v.minLength(8, "Your password must have 8 characters or more.")),
    again: v.string(),
    age: v.optional(v.pipe(v.number(), v.integer(), v.toMinValue(0))),
    role: v.fallback(v.picklist(["reader", "writer"]), "reader"),
    born: v.optional(
      v.pipe(
        v.string(),
        v.isoDate(),
        v.transform((text) => new Date(text).getUTCFullYear()),
      ),
    ),
  }),
  v.forward(
    v.partialCheck(
      [["password"], ["again"]],
      ({ password, again }) => password === again,
      "The two passwords do not match.",
    ),
    ["again"],
  ),
);

export default {
  async fetch(request: Request): Promise<Response> {
    const result = v.safeParse(SignUp, await request.json());
    if (result.success) return Response.json(result.output, { status: 201 });
    return Response.json(v.flatten<typeof SignUp>(result.issues), { status: 400 });
  },
};
