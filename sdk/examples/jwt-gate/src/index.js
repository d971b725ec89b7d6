import { errors, importJWK, jwtVerify } from "jose";
const SUBJECT_HEADER = "x-verified-subject";
/** The environment belongs to the version, so one instance reads its key once. */
let verifier = null;
export default {
  async clientRequest(request, env, ctx) {
    request.headers.delete(SUBJECT_HEADER);
    const token = bearerToken(request.headers.get("authorization"));
    if (token === null) return refuse("missing_token", "Send a token as: Authorization: Bearer TOKEN", ctx.requestId);
    verifier ??= makeVerifier(env);
    const { key, options } = await verifier;
    try {
      const { payload } = await jwtVerify(token, key, options);
      if (payload.sub === undefined) return refuse("invalid_token", "The token names no subject.", ctx.requestId);
      request.headers.set(SUBJECT_HEADER, encodeURIComponent(payload.sub));
      return request;
    } catch (error) {
      if (error instanceof errors.JOSEError) return refuse("invalid_token", reasonOf(error), ctx.requestId);
      throw error;
    }
  },
};
function bearerToken(header) {
  return /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header ?? "")?.[1] ?? null;
}
async function makeVerifier(env) {
  const claims = {
    ...(env.JWT_ISSUER === undefined ? {} : { issuer: env.JWT_ISSUER }),
    ...(env.JWT_AUDIENCE === undefined ? {} : { audience: env.JWT_AUDIENCE }),
  };
  const jwkText = env.JWT_PUBLIC_JWK;
  if (jwkText !== undefined) {
    const jwk = JSON.parse(jwkText);
    if (jwk.alg === undefined) throw new Error("JWT_PUBLIC_JWK has no alg: add one, for example ES256");
    return { key: await importJWK(jwk), options: { ...claims, algorithms: [jwk.alg] } };
  }
  const secret = env.JWT_SECRET;
  if (secret === undefined) throw new Error("Neither JWT_SECRET nor JWT_PUBLIC_JWK is set");
  return { key: new TextEncoder().encode(secret), options: { ...claims, algorithms: ["HS256"] } };
}
function reasonOf(error) {
  if (error instanceof errors.JWTExpired) return "The token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's claim ${error.claim} is not accepted.`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not match.";
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token's algorithm is not accepted.";
  return "The token is not well-formed.";
}
function refuse(code, message, requestId) {
  const challenge = code === "missing_token" ? "Bearer" : `Bearer error="${code}", error_description="${message}"`;
  return Response.json(
    { error: code, message, requestId },
    { status: 401, headers: { "www-authenticate": challenge, "cache-control": "no-store" } },
  );
}
