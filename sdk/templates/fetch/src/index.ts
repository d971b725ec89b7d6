/** Answers requests by itself, without an origin. */
import type { EdgeFunction } from "@selvage/sdk";

export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname !== "/") return Response.json({ error: "not_found" }, { status: 404 });
    const name = url.searchParams.get("name") ?? "world";
    return Response.json({ message: `${env["GREETING"] ?? "Hello"}, ${name}!`, version: ctx.version });
  },
} satisfies EdgeFunction;
