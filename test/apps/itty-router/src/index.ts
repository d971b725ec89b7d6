/** After "AutoRouter" and "Middleware" of itty-router's documentation. */
import { AutoRouter, error, json, type IRequest } from "itty-router";

const withUser = (request: IRequest): Response | undefined => {
  const token = request.headers.get("authorization");
  if (token !== "Bearer letmein") return error(401, "Invalid token.");
  request["user"] = { id: 7, name: "Mittens" };
  return undefined;
};

const todos = [{ id: 1, message: "Pet the puppy" }];

const router = AutoRouter({
  before: [
    (request) => {
      request["startedBy"] = request.query["by"] ?? "nobody";
    },
  ],
  finally: [
    (response: Response) => {
      response.headers.set("x-served-by", "itty");
      return response;
    },
  ],
});

router
  .get("/hello/:name", ({ params }) => `Hello, ${params["name"]}!`)
  .get("/json", () => [1, 2, 3])
  .get("/by", ({ startedBy }) => ({ startedBy: startedBy as string }))
  .get("/promises", () => Promise.resolve("foo"))
  .get("/todos/:id?", ({ id }) => (id === undefined ? todos : todos.find((todo) => todo.id === Number(id))))
  .post("/todos", async (request) => {
    const todo = { id: todos.length + 1, ...((await request.json()) as { message: string }) };
    return json(todo, { status: 201 });
  })
  .get("/files/:path+", ({ params }) => ({ path: params["path"] }))
  .get("/secret", withUser, ({ user }) => ({ user: user as unknown }))
  .get("/broken", () => {
    throw new Error("nothing works");
  });

export default { ...router };
