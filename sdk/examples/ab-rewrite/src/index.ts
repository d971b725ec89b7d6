/**
 * Serves a documentation site under `/docs/` from another folder of the origin and splits its visitors into two groups.
 *
 * Group `b` gets the ES-module build of the application, group `a` the classic one. A visitor keeps the group by cookie.
 * Invariant: both hooks derive a newcomer's group from the request id, so they agree without sharing any state.
 */
import type { EdgeFunction } from "@selvage/sdk";

interface Environment {
  /** Share of newcomers in group `b`, 0..100; 50 when absent or not such a number. */
  readonly GROUP_B_PERCENT?: string;
}

type Group = "a" | "b";

const COOKIE = "docs-group";
const COOKIE_SECONDS = 30 * 24 * 3600;

/** Where each group's application comes from; every other file under /docs/ is the same for both. */
const APPLICATION: Readonly<Record<Group, string>> = {
  a: "/swagger-ui-dist/swagger-ui-bundle.js",
  b: "/swagger-ui-dist/swagger-ui-es-bundle.js",
};

export default {
  clientRequest(request, env, ctx) {
    const url = new URL(request.url);
    const group = groupOf(request.headers.get("cookie"), ctx.requestId, percentOf(env.GROUP_B_PERCENT));
    url.pathname = rewrite(url.pathname, group);
    const rewritten = new Request(url, request);
    rewritten.headers.set("x-docs-group", group);
    return rewritten;
  },

  clientResponse(response, env, ctx) {
    const cookies = ctx.request.headers.get("cookie");
    if (groupFromCookie(cookies) !== null) return;
    const group = groupOf(cookies, ctx.requestId, percentOf(env.GROUP_B_PERCENT));
    response.headers.append(
      "set-cookie",
      `${COOKIE}=${group}; Path=/docs; Max-Age=${COOKIE_SECONDS}; SameSite=Lax; HttpOnly`,
    );
  },
} satisfies EdgeFunction<Environment>;

function rewrite(path: string, group: Group): string {
  if (path === "/docs" || path === "/docs/") return "/swagger-ui-dist/index.html";
  if (path === "/docs/app.js") return APPLICATION[group];
  return path.startsWith("/docs/") ? `/swagger-ui-dist/${path.slice("/docs/".length)}` : path;
}

function groupOf(cookies: string | null, requestId: string, percentB: number): Group {
  return groupFromCookie(cookies) ?? (bucketOf(requestId) < percentB ? "b" : "a");
}

function groupFromCookie(cookies: string | null): Group | null {
  for (const pair of (cookies ?? "").split(";")) {
    const [name, value] = pair.trim().split("=");
    if (name === COOKIE && (value === "a" || value === "b")) return value;
  }
  return null;
}

/** 0..99, evenly spread over request ids (FNV-1a with a final mix). */
function bucketOf(requestId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < requestId.length; i++) {
    hash = Math.imul(hash ^ requestId.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % 100;
}

function percentOf(value: string | undefined): number {
  const percent = /^\d{1,3}$/.test(value ?? "") ? Number(value) : 50;
  return percent <= 100 ? percent : 50;
}
