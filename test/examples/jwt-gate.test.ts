/** The claims of the example jwt-gate: who gets through, and that everybody else gets a clear 401. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { contextOf } from "./hook-call.ts";
import { loadExample } from "./load-example.ts";

const SECRET = "an HS256 secret of 32 characters";
const secretKey = new TextEncoder().encode(SECRET);
const hourAhead = (): number => Math.floor(Date.now() / 1_000) + 3_600;

interface Passage {
  readonly subject: string | null;
}
interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly message: string;
  readonly challenge: string | null;
}

let copies = 0;

async function knock(
  headers: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = { JWT_SECRET: SECRET },
): Promise<Passage | Refusal> {
  copies += 1;
  const example = await loadExample("jwt-gate", String(copies));
  const request = new Request("http://docs.example.test/private/echo", { headers });
  const result = await example.clientRequest(request, env, contextOf("clientRequest"));
  if (!(result instanceof Response)) return { subject: (result ?? request).headers.get("x-verified-subject") };
  const { error, message } = (await result.json()) as { error: string; message: string };
  return { status: result.status, error, message, challenge: result.headers.get("www-authenticate") };
}

function hs256(claims: Record<string, unknown> = { sub: "alice" }): SignJWT {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime(hourAhead());
}

describe("a request with a valid token", () => {
  test("passes with the subject in a header", async () => {
    const token = await hs256().sign(secretKey);
    expect(await knock({ authorization: `Bearer ${token}` })).toEqual({ subject: "alice" });
  });

  test("passes with an encoded subject that cannot break a header", async () => {
    const token = await hs256({ sub: "a\r\nx: y/ü" }).sign(secretKey);
    expect(await knock({ authorization: `bearer ${token}` })).toEqual({ subject: "a%0D%0Ax%3A%20y%2F%C3%BC" });
  });

  test("passes when issuer and audience are the configured ones", async () => {
    const env = { JWT_SECRET: SECRET, JWT_ISSUER: "https://login.example.com", JWT_AUDIENCE: "docs" };
    const token = await hs256().setIssuer(env.JWT_ISSUER).setAudience("docs").sign(secretKey);
    expect(await knock({ authorization: `Bearer ${token}` }, env)).toEqual({ subject: "alice" });
  });

  test("passes with a public key instead of a secret", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const env = { JWT_PUBLIC_JWK: JSON.stringify({ ...(await exportJWK(publicKey)), alg: "ES256" }) };
    const token = await new SignJWT({ sub: "bob" }).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
    expect(await knock({ authorization: `Bearer ${token}` }, env)).toEqual({ subject: "bob" });
  });

  test("loses a subject that the client made up", async () => {
    const token = await hs256().sign(secretKey);
    const headers = { authorization: `Bearer ${token}`, "x-verified-subject": "root" };
    expect(await knock(headers)).toEqual({ subject: "alice" });
  });
});

describe("401", () => {
  test.each<Record<string, string>>([
    {},
    { authorization: "Basic YTpi" },
    { authorization: "Bearer" },
    { authorization: "Bearer not-a-token" },
    { "x-verified-subject": "root" },
  ])("missing_token for the headers %j", async (headers) => {
    expect(await knock(headers)).toMatchObject({ status: 401, error: "missing_token", challenge: "Bearer" });
  });

  test("invalid_token for a signature with another key", async () => {
    const token = await hs256().sign(new TextEncoder().encode("quite another secret of 32 chars"));
    expect(await knock({ authorization: `Bearer ${token}` })).toMatchObject({
      status: 401,
      error: "invalid_token",
      message: "The token's signature does not match.",
    });
  });

  test("invalid_token for an expired token", async () => {
    const token = await new SignJWT({ sub: "alice" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime(1)
      .sign(secretKey);
    expect(await knock({ authorization: `Bearer ${token}` })).toMatchObject({ message: "The token has expired." });
  });

  test("invalid_token for a token without a signature", async () => {
    const token = `${new UnsecuredJWT({ sub: "root" }).encode()}AA`;
    expect(await knock({ authorization: `Bearer ${token}` })).toMatchObject({
      status: 401,
      message: "The token's algorithm is not accepted.",
    });
  });

  test("invalid_token for a token whose HMAC key is the public key", async () => {
    const { publicKey } = await generateKeyPair("ES256");
    const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), alg: "ES256" });
    const token = await hs256({ sub: "root" }).sign(new TextEncoder().encode(jwk));
    expect(await knock({ authorization: `Bearer ${token}` }, { JWT_PUBLIC_JWK: jwk })).toMatchObject({
      status: 401,
      message: "The token's algorithm is not accepted.",
    });
  });

  test.each([
    ["iss", { JWT_ISSUER: "https://login.example.com" }],
    ["aud", { JWT_AUDIENCE: "docs" }],
  ])("invalid_token names the claim %s that is not accepted", async (claim, extra) => {
    const token = await hs256().setIssuer("https://evil.example").setAudience("other").sign(secretKey);
    const env = { JWT_SECRET: SECRET, ...extra };
    expect(await knock({ authorization: `Bearer ${token}` }, env)).toMatchObject({
      message: `The token's claim ${claim} is not accepted.`,
    });
  });

  test("invalid_token for a token without a subject", async () => {
    const token = await hs256({}).sign(secretKey);
    expect(await knock({ authorization: `Bearer ${token}` })).toMatchObject({ message: "The token names no subject." });
  });
});

describe("without a usable key nobody gets through", () => {
  test.each([
    [{}, /Neither JWT_SECRET nor JWT_PUBLIC_JWK/],
    [{ JWT_PUBLIC_JWK: '{"kty":"EC"}' }, /has no alg/],
    [{ JWT_PUBLIC_JWK: "{" }, /JSON/],
  ])("with the environment %j the hook throws", async (env, message) => {
    const token = await hs256().sign(secretKey);
    await expect(knock({ authorization: `Bearer ${token}` }, env)).rejects.toThrow(message);
  });
});
