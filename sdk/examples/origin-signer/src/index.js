/** In order of preference when a client accepts several equally. */
const FORMS = [
  { type: "application/json", file: "package.json" },
  { type: "text/markdown", file: "README.md" },
  { type: "text/html", file: "index.html" },
];
const FALLBACK = "package.json";
/** The environment belongs to the version, so one instance imports its key once. */
let signingKey = null;
export default {
  async originPull(request, env) {
    const url = new URL(request.url);
    const name = /^\/packages\/([a-z0-9][a-z0-9._-]*)$/.exec(url.pathname)?.[1];
    if (name !== undefined) url.pathname = `/signed/${name}/${fileFor(request.headers.get("accept"))}`;
    const date = new Date().toISOString();
    signingKey ??= importKey(env.SIGNING_KEY);
    const signed = new Request(url, request);
    signed.headers.set("x-signature-date", date);
    signed.headers.set("x-signature", await sign(await signingKey, `${url.pathname}\n${date}`));
    return signed;
  },
  originResponse(response) {
    response.headers.append("vary", "accept");
  },
};
/** The file for the best acceptable type: larger `q` first, then the order of FORMS (RFC 9110 §12.5.1). */
function fileFor(accept) {
  const qualities = new Map();
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    qualities.set(type, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  let best = { file: FALLBACK, quality: 0 };
  for (const { type, file } of FORMS) {
    const quality = qualities.get(type) ?? 0;
    if (quality > best.quality) best = { file, quality };
  }
  return best.file;
}
function importKey(secret) {
  if (secret === undefined) throw new Error("The secret SIGNING_KEY is not set");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
}
async function sign(key, text) {
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
