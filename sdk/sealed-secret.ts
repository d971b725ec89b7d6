/**
 * A function's secrets on their way to one node: JSON sealed under a key that only the holder of the node's token can derive.
 *
 * Text form: `sealed1.<salt>.<nonce>.<ciphertext and tag>`, each part base64url. AES-256-GCM; the key is HKDF-SHA256 of the token with
 * a random salt per seal, so no two seals share a key. It knows neither functions nor nodes. Invariant: a text that was changed
 * in any byte, or sealed for another token, opens to a problem and never to values; problems never quote what was received.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Parsed } from "./problem.ts";

const FORM = "sealed1";
const INFO = "selvage sealed secrets 1";
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Longest text `openSecrets` looks at, characters; the secrets of one function are bounded far below it by `storeLimits`. */
export const sealedCharsMax = 262_144;

/** `secrets` as one line of text that `openSecrets` opens with the same `nodeToken`. Every call gives another text. */
export function sealSecrets(secrets: Readonly<Record<string, string>>, nodeToken: string): string {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", deriveKey(nodeToken, salt), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(FORM));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [FORM, salt.toString("base64url"), nonce.toString("base64url"), sealed.toString("base64url")].join(".");
}

/** The secrets in `sealed`, as an object without a prototype, or the one problem that kept them closed. */
export function openSecrets(sealed: string, nodeToken: string): Parsed<Readonly<Record<string, string>>> {
  if (sealed.length > sealedCharsMax) {
    return refuse(`received ${String(sealed.length)} characters, allowed at most ${String(sealedCharsMax)}`);
  }
  const [form, salt, nonce, body, ...more] = sealed.split(".");
  if (form !== FORM) return refuse(`is not in a known form, allowed: ${FORM}`);
  const parts = [decodePart(salt), decodePart(nonce), decodePart(body)] as const;
  const [saltBytes, nonceBytes, bodyBytes] = parts;
  const isComplete = saltBytes !== null && nonceBytes !== null && bodyBytes !== null && more.length === 0;
  if (!isComplete || saltBytes.length !== SALT_BYTES || nonceBytes.length !== NONCE_BYTES) {
    return refuse("is not complete: allowed are a salt, a nonce and a body in base64url");
  }
  if (bodyBytes.length < TAG_BYTES) return refuse("is not complete: the body is shorter than its tag");
  const text = decrypt(bodyBytes, { key: deriveKey(nodeToken, saltBytes), nonce: nonceBytes });
  if (text === null) return refuse("was changed, or sealed for another token");
  return readSecrets(text);
}

function deriveKey(nodeToken: string, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", nodeToken, salt, INFO, 32));
}

/** Canonical base64url only, so that one sealed content has one text. */
function decodePart(part: string | undefined): Buffer | null {
  if (part === undefined) return null;
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : null;
}

function decrypt(body: Buffer, { key, nonce }: { readonly key: Buffer; readonly nonce: Buffer }): string | null {
  const tagAt = body.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(FORM));
  decipher.setAuthTag(body.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(body.subarray(0, tagAt)), decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

function readSecrets(text: string): Parsed<Readonly<Record<string, string>>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("does not hold JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("does not hold an object");
  const secrets = Object.create(null) as Record<string, string>;
  for (const [name, secret] of Object.entries(value)) {
    if (typeof secret !== "string") return refuse("holds a value that is not a string");
    secrets[name] = secret;
  }
  return { ok: true, value: secrets };
}

function refuse(message: string): Parsed<never> {
  return { ok: false, problems: [{ path: "sealedSecrets", message }] };
}
