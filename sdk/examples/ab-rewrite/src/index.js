const COOKIE = "docs-group";
const COOKIE_SECONDS = 30 * 24 * 3600;
/** Where each group's application comes from; every other file under /docs/ is the same for both. */
const APPLICATION = {
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
};
function rewrite(path, group) {
  if (path === "/docs" || path === "/docs/") return "/swagger-ui-dist/index.html";
  if (path === "/docs/app.js") return APPLICATION[group];
  return path.startsWith("/docs/") ? `/swagger-ui-dist/${path.slice("/docs/".length)}` : path;
}
function groupOf(cookies, requestId, percentB) {
  return groupFromCookie(cookies) ?? (bucketOf(requestId) < percentB ? "b" : "a");
}
function groupFromCookie(cookies) {
  for (const pair of (cookies ?? "").split(";")) {
    const [name, value] = pair.trim().split("=");
    if (name === COOKIE && (value === "a" || value === "b")) return value;
  }
  return null;
}
/** 0..99, evenly spread over request ids (FNV-1a with a final mix). */
function bucketOf(requestId) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < requestId.length; i++) {
    hash = Math.imul(hash ^ requestId.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % 100;
}
function percentOf(value) {
  const percent = /^\d{1,3}$/.test(value ?? "") ? Number(value) : 50;
  return percent <= 100 ? percent : 50;
}
