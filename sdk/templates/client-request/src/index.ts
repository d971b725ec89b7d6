/** Runs for every request of a domain, before the cache: sends /old/… to /new/… and lets everything else through. */
import type { EdgeFunction } from "@selvage/sdk";

export default {
  clientRequest(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/old/")) {
      url.pathname = `/new/${url.pathname.slice("/old/".length)}`;
      return Response.redirect(url, 301);
    }
    ctx.logger.info("passing", request.method, url.pathname);
    request.headers.set("x-greeting", env["GREETING"] ?? "hello");
  },

  clientResponse(response) {
    response.headers.set("x-content-type-options", "nosniff");
  },
} satisfies EdgeFunction;
