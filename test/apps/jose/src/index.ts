/** Tokens after jose's documentation: issued, verified with local keys and with a remote key set, encrypted and decrypted. */
import * as jose from "jose";

interface Env {
  readonly RSA_PRIVATE_PEM: string;
  readonly EC_PRIVATE_JWK: string;
  readonly ISSUER: string;
}

const claims = { issuer: "https://issuer.example", audience: "https://api.example" };
let remoteKeys: ReturnType<typeof jose.createRemoteJWKSet> | null = null;

async function issue(alg: string, env: Env): Promise<string> {
  const token = new jose.SignJWT({ iss: claims.issuer, aud: claims.audience, sub: "alice" });
  if (alg === "RS256") {
    const key = await jose.importPKCS8(env.RSA_PRIVATE_PEM, alg);
    return token.setProtectedHeader({ alg, kid: "rsa-1" }).sign(key);
  }
  const key = await jose.importJWK(JSON.parse(env.EC_PRIVATE_JWK) as jose.JWK, alg);
  return token.setProtectedHeader({ alg, kid: "ec-1" }).setIssuedAt().setExpirationTime("2h").sign(key);
}

async function verify(token: string, env: Env): Promise<Response> {
  remoteKeys ??= jose.createRemoteJWKSet(new URL(`${env.ISSUER}/.well-known/jwks.json`), { cooldownDuration: 60_000 });
  try {
    const { payload, protectedHeader } = await jose.jwtVerify(token, remoteKeys, claims);
    return Response.json({ subject: payload.sub, alg: protectedHeader.alg });
  } catch (error) {
    if (error instanceof jose.errors.JOSEError) return Response.json({ code: error.code }, { status: 401 });
    throw error;
  }
}

/** A secret of one's own, the current date of the token's time. */
async function verifyShared({ token, k, at }: { token: string; k: string; at: number }): Promise<Response> {
  const key = jose.base64url.decode(k);
  const options = { currentDate: new Date(at * 1_000), typ: "JWT" };
  return Response.json(await jose.jwtVerify(token, key, options));
}

async function signEd25519({ jwk, text }: { jwk: jose.JWK; text: string }): Promise<Response> {
  const key = await jose.importJWK(jwk, "EdDSA");
  const jws = await new jose.CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: "EdDSA" }).sign(key);
  const { x = "", crv = "", kty = "" } = jwk;
  const { payload } = await jose.compactVerify(jws, await jose.importJWK({ kty, crv, x }, "EdDSA"));
  return Response.json({ jws, text: new TextDecoder().decode(payload) });
}

async function decrypt({ jwe, jwk }: { jwe: string; jwk: jose.JWK }): Promise<Response> {
  const key = await jose.importJWK(jwk, "A128KW");
  const { plaintext, protectedHeader } = await jose.compactDecrypt(jwe, key);
  return Response.json({ text: new TextDecoder().decode(plaintext), header: protectedHeader });
}

/** For each management algorithm of jose that this runtime's keys allow: encrypted and decrypted again. */
async function encryptForAll(): Promise<Response> {
  const results: Record<string, string> = {};
  for (const [alg, enc] of [
    ["RSA-OAEP-256", "A256GCM"],
    ["ECDH-ES", "A128GCM"],
    ["ECDH-ES+A256KW", "A256CBC-HS512"],
  ] as const) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg);
    const jwe = await new jose.EncryptJWT({ "urn:example:claim": true })
      .setProtectedHeader({ alg, enc })
      .setIssuer("urn:example:issuer")
      .encrypt(publicKey);
    const { payload } = await jose.jwtDecrypt(jwe, privateKey, { issuer: "urn:example:issuer" });
    results[alg] = `${jwe.split(".").length} parts, ${JSON.stringify(payload["urn:example:claim"])}`;
  }
  const password = new TextEncoder().encode("Thus from my lips, by yours, my sin is purged.");
  const jwe = await new jose.CompactEncrypt(new TextEncoder().encode("with a password"))
    .setProtectedHeader({ alg: "PBES2-HS256+A128KW", enc: "A128CBC-HS256" })
    .encrypt(password);
  const { plaintext } = await jose.compactDecrypt(jwe, password, {
    keyManagementAlgorithms: ["PBES2-HS256+A128KW"],
  });
  results["PBES2-HS256+A128KW"] = new TextDecoder().decode(plaintext);
  return Response.json(results);
}

async function signForAll(): Promise<Response> {
  const results: Record<string, string | undefined> = {};
  for (const alg of ["PS256", "PS512", "RS384", "ES256", "ES384", "ES512", "Ed25519"]) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const token = await new jose.SignJWT().setProtectedHeader({ alg }).setSubject(alg).sign(privateKey);
    const exported = await jose.importSPKI(await jose.exportSPKI(publicKey), alg);
    results[alg] = (await jose.jwtVerify(token, exported)).payload.sub;
  }
  return Response.json(results);
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/token":
        return new Response(await issue(url.searchParams.get("alg") ?? "ES256", env));
      case "/verify":
        return verify((request.headers.get("authorization") ?? "").replace(/^Bearer /, ""), env);
      case "/shared":
        return verifyShared((await request.json()) as Parameters<typeof verifyShared>[0]);
      case "/ed25519":
        return signEd25519((await request.json()) as Parameters<typeof signEd25519>[0]);
      case "/decrypt":
        return decrypt((await request.json()) as Parameters<typeof decrypt>[0]);
      case "/encrypt-for-all":
        return encryptForAll();
      case "/sign-for-all":
        return signForAll();
      case "/thumbprint":
        return new Response(await jose.calculateJwkThumbprint((await request.json()) as jose.JWK));
      default:
        return new Response(null, { status: 404 });
    }
  },
};
