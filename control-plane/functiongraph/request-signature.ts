/**
 * SDK-HMAC-SHA256: how clients of FunctionGraph sign requests (interfaces.md §3.2). Pure.
 *
 * Invariant: a signature covers method, path, query, the named fields and the body; comparing takes the same time wherever it differs.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export const signatureAlgorithm = "SDK-HMAC-SHA256";
/** A request is good this long before and after the time it names, milliseconds. */
export const signatureWindowMs = 900_000;

export interface Authorization {
  readonly accessKey: string;
  /** Lower case, as they were listed. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

const authorizationCharsMax = 4_096;
const signedHeadersMax = 64;

/** What the field says, or null when it is not of this form. */
export function parseAuthorization(field: string): Authorization | null {
  if (field.length > authorizationCharsMax) return null;
  const found =
    /^SDK-HMAC-SHA256 +Access=([A-Za-z0-9_-]{1,64}), *SignedHeaders=([a-z0-9;_-]{1,2048}), *Signature=([0-9a-f]{64})$/.exec(
      field,
    );
  const [, accessKey, names, signature] = found ?? [];
  if (accessKey === undefined || names === undefined || signature === undefined) return null;
  const signedHeaders = names.split(";");
  const isList = signedHeaders.length <= signedHeadersMax && signedHeaders.every((name) => name !== "");
  return isList ? { accessKey, signedHeaders, signature } : null;
}

/** Milliseconds since the epoch of `20261121T225124Z`, or null. */
export function parseSignatureDate(text: string): number | null {
  const found = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second] = found;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return Number.isNaN(at) ? null : at;
}

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** By lower-case name, without blanks around. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** The signature that the owner of `secretKey` would have made; null when a named field is missing. */
export function signatureOf(
  { method, target, headers, body }: SignedRequest,
  { secretKey, signedHeaders }: { readonly secretKey: string; readonly signedHeaders: readonly string[] },
): string | null {
  const lines: string[] = [];
  for (const name of signedHeaders) {
    const value = headers[name];
    if (value === undefined) return null;
    lines.push(`${name}:${value.trim()}\n`);
  }
  const [path = "", query = ""] = splitOnce(target, "?");
  const canonical = [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    lines.join(""),
    signedHeaders.join(";"),
    // Of what came, whatever X-Sdk-Content-Sha256 says of it: a body that is not signed is not taken.
    sha256(body),
  ].join("\n");
  const toSign = `${signatureAlgorithm}\n${headers["x-sdk-date"] ?? ""}\n${sha256(canonical)}`;
  return createHmac("sha256", secretKey).update(toSign).digest("hex");
}

/** In constant time. */
export function isSameSignature(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

/** Each segment as it was sent, encoded once more, and a slash at the end. */
function canonicalPath(path: string): string {
  const encoded = path.split("/").map(encodeSegment).join("/");
  return encoded.endsWith("/") ? encoded : `${encoded}/`;
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => splitOnce(pair, "=").map(decoded));
  const byKeyThenValue = pairs.sort(([a = "", x = ""], [b = "", y = ""]) => compare(a, b) || compare(x, y));
  return byKeyThenValue.map(([key = "", value = ""]) => `${encodeSegment(key)}=${encodeSegment(value)}`).join("&");
}

/** What cannot be decoded stays as it was sent; its signature will differ from an honest client's. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** RFC 3986 §2.3: everything but unreserved characters. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
