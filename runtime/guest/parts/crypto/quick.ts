/**
 * The short way of WebCrypto operations that are over in microseconds (host-operations/quick-crypto.ts): the host computes while the isolate waits.
 * Null means that it cannot be done this way, and says nothing about whether it can be done at all.
 */
import type { WireValue } from "../../crypto-protocol.ts";
import { hostPort } from "../../host-port.ts";
import { exactBuffer, isBufferSource } from "../../web/encoding/buffer-source.ts";
import { type CryptoKey, keyReferenceOf } from "./crypto-key.ts";

/** As quick-crypto.ts has them. */
const quickBytesMax = 65_536;
const hashedBytesMax = 1_048_576;
const names: ReadonlySet<string> = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512"]);
const signing: ReadonlySet<string> = new Set(["HMAC", "ECDSA", "Ed25519"]);
const verifying: ReadonlySet<string> = new Set(["HMAC", "ECDSA", "Ed25519", "RSASSA-PKCS1-v1_5"]);

export function quickDigest(algorithm: unknown, data: unknown): ArrayBuffer | null {
  if (typeof algorithm !== "string" || !names.has(algorithm)) return null;
  const bytes = quickBuffer(data, algorithm === "SHA-256" ? hashedBytesMax : quickBytesMax);
  return bytes === null ? null : resultOf(hostPort().compute(`digest\n${algorithm}`, [bytes]));
}

export function quickSign(request: {
  readonly algorithm: unknown;
  readonly key: CryptoKey;
  readonly data: unknown;
}): ArrayBuffer | null {
  const head = headOf(request, signing);
  const bytes = head === null ? null : quickBuffer(request.data, bytesMaxOf(request));
  return bytes === null ? null : resultOf(hostPort().compute(`sign\n${head}`, [bytes]));
}

export function quickVerify(request: {
  readonly algorithm: unknown;
  readonly key: CryptoKey;
  readonly signature: unknown;
  readonly data: unknown;
}): boolean | null {
  const head = headOf(request, verifying);
  const signature = head === null ? null : quickBuffer(request.signature, quickBytesMax);
  const bytes = signature === null ? null : quickBuffer(request.data, bytesMaxOf(request));
  if (signature === null || bytes === null) return null;
  const answer = hostPort().compute(`verify\n${head}`, [signature, bytes]);
  return answer === "" ? null : answer === "1";
}

/** `values` are the parameters of SubtleCrypto.supports; what cannot be asked is not supported. */
export function quickSupports(values: readonly WireValue[], buffers: readonly ArrayBuffer[]): boolean {
  return hostPort().compute(`supports\n${JSON.stringify(values)}`, buffers) === "1";
}

/** The host refuses what is longer, whatever the key says here. */
function bytesMaxOf({ algorithm, key }: { readonly algorithm: unknown; readonly key: CryptoKey }): number {
  return algorithm === "HMAC" && hashOf(key.algorithm) === "SHA-256" ? hashedBytesMax : quickBytesMax;
}

/** Only what is written in the plainest way: a name, or an object of our own realm with a name and a hash that are strings. */
function headOf(
  request: { readonly algorithm: unknown; readonly key: CryptoKey },
  allowed: ReadonlySet<string>,
): string | null {
  const { algorithm, key } = request;
  const isName = typeof algorithm === "string";
  const name = isName ? algorithm : plainMember(algorithm, "name");
  if (name === null || !allowed.has(name)) return null;
  const hash = name === "ECDSA" && !isName ? hashOf(algorithm) : "";
  if (hash === null || (name === "ECDSA" && !names.has(hash))) return null;
  return `${name}\n${hash}\n${keyReferenceOf(key).handle}`;
}

function hashOf(algorithm: unknown): string | null {
  const hash = plainMember(algorithm, "hash");
  return hash ?? plainMember(ownValue(algorithm, "hash"), "name");
}

function plainMember(value: unknown, name: string): string | null {
  const member = ownValue(value, name);
  return typeof member === "string" ? member : null;
}

/** A data property: reading it runs no code of the user's. */
function ownValue(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || getPrototypeOf(value) !== objectPrototype) return undefined;
  return getOwnPropertyDescriptor(value, name)?.value;
}

const { getOwnPropertyDescriptor, getPrototypeOf, prototype: objectPrototype } = Object;

/** What the host gets a copy of; null when it is no BufferSource, or a long one. */
function quickBuffer(value: unknown, bytesMax: number): ArrayBuffer | null {
  if (!isBufferSource(value) || value.byteLength > bytesMax) return null;
  return exactBuffer(value);
}

/** `b` and a character for each byte. */
function resultOf(answer: string): ArrayBuffer | null {
  if (answer === "") return null;
  const bytes = new Uint8Array(answer.length - 1);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = answer.charCodeAt(index + 1);
  return bytes.buffer;
}
