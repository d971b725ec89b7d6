/** Tokens after the README of @tsndr/cloudflare-worker-jwt. */
import { decode, sign, verify } from "@tsndr/cloudflare-worker-jwt";

interface Env {
  readonly JWT_SECRET: string;
}

export default {
  async fetch(request: Request, { JWT_SECRET }: Env): Promise<Response> {
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    switch (new URL(request.url).pathname) {
      case "/sign":
        return new Response(await sign((await request.json()) as Record<string, unknown>, JWT_SECRET));
      case "/verify": {
        const verified = await verify(token, JWT_SECRET);
        return verified ? Response.json(verified.payload) : new Response(null, { status: 401 });
      }
      case "/reason":
        try {
          return Response.json(await verify(token, JWT_SECRET, { throwError: true }));
        } catch (error) {
          return new Response((error as Error).message, { status: 401 });
        }
      case "/decode":
        return Response.json(decode(token));
      default:
        return new Response(null, { status: 404 });
    }
  },
};
