/**
 * API tokens as text: how they are made, hashed and compared.
 *
 * A token is 32 random bytes, so a plain SHA-256 is enough to store; nothing here keeps one. Comparison takes the same time for every
 * token of one length.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Longest token text looked at. */
export const tokenCharsMax = 256;

/** `slv_` and 43 characters. */
export function generateToken(): string {
  return `slv_${randomBytes(32).toString("base64url")}`;
}

/** Whether `token` has the form of `generateToken`'s, of which none can be guessed. */
export function isGeneratedToken(token: string): boolean {
  return /^slv_[\w-]{43}$/.test(token);
}

/** Lower-case hex SHA-256. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Whether two hashes of `hashToken` are the same, in constant time. */
export function isSameHash(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left);
  const rightBytes = Buffer.from(right);
  return leftBytes.byteLength === rightBytes.byteLength && timingSafeEqual(leftBytes, rightBytes);
}

/** Why `token` cannot be an administrator's token chosen by the operator, completing "allowed: …", or null. */
export function refuseChosenToken(token: string): string | null {
  const isFine = token.length >= 16 && token.length <= tokenCharsMax && /^[\x21-\x7e]+$/.test(token);
  return isFine ? null : `16..${String(tokenCharsMax)} printable ASCII characters without blanks`;
}
