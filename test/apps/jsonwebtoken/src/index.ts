/** Tokens after jsonwebtoken's README, on Node's modules for functions. */
import jwt from "jsonwebtoken";

interface Env {
  readonly JWT_SECRET: string;
}

export default {
  async fetch(request: Request, { JWT_SECRET }: Env): Promise<Response> {
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    switch (new URL(request.url).pathname) {
      case "/sign":
        return new Response(jwt.sign((await request.json()) as object, JWT_SECRET, { noTimestamp: true }));
      case "/verify":
        try {
          return Response.json(jwt.verify(token, JWT_SECRET, { algorithms: ["HS256"] }));
        } catch (error) {
          return Response.json({ name: (error as Error).name, message: (error as Error).message }, { status: 401 });
        }
      case "/decode":
        return Response.json(jwt.decode(token, { complete: true }));
      default:
        return new Response(null, { status: 404 });
    }
  },
};
