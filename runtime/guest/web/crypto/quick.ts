/**
 * The short way of WebCrypto operations that are over in microseconds (host-operations/quick-crypto.ts): the host computes while the isolate waits.
 * Null means that it cannot be done this way, and says nothing about whether it can be done at all.
 */
import type { WireValue } from "../../crypto-protocol.ts";
import { hostPort } from "../../host-port.ts";
import { bytesOf, isBufferSource } from "../encoding/buffer-source.ts";

/** As quick-crypto.ts has it. */
const quickBytesMax = 65_536;
const names: ReadonlySet<string> = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512"]);
const signing: ReadonlySet<string> = new Set(["HMAC", "ECDSA", "Ed25519"]);
const verifying: ReadonlySet<string> = new Set(["HMAC", "ECDSA", "Ed25519", "RSASSA-PKCS1-v1_5"]);

type Subtle = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

export function quickDigest(algorithm: unknown, data: unknown): ArrayBuffer | null {
  if (typeof algorithm !== "string" || !names.has(algorithm) || !isBufferSource(data)) return null;
  const bytes = joined([data]);
  return bytes === null ? null : resultOf(hostPort().compute(`digest\n${algorithm}\n${data.byteLength}`, bytes));
}

/** `handle` is the key's number on the host. */
export function quickSign(request: {
  readonly algorithm: unknown;
  readonly handle: number;
  readonly data: unknown;
}): ArrayBuffer | null {
  const { data } = request;
  const head = headOf(request, signing);
  const bytes = head === null || !isBufferSource(data) ? null : joined([data]);
  return bytes === null ? null : resultOf(hostPort().compute(`sign\n${head}\n${bytes.byteLength}`, bytes));
}

export function quickVerify(request: {
  readonly algorithm: unknown;
  readonly handle: number;
  readonly signature: unknown;
  readonly data: unknown;
}): boolean | null {
  const { signature, data } = request;
  const head = headOf(request, verifying);
  if (head === null || !isBufferSource(signature) || !isBufferSource(data)) return null;
  const bytes = joined([signature, data]);
  if (bytes === null) return null;
  const answer = hostPort().compute(`verify\n${head}\n${signature.byteLength}\n${data.byteLength}`, bytes);
  return answer === "" ? null : answer === "1";
}

/** `values` are the parameters of SubtleCrypto.supports; what cannot be asked is not supported. */
export function quickSupports(values: readonly WireValue[], buffers: readonly ArrayBuffer[]): boolean {
  const bytes = joined(buffers);
  if (bytes === null) return false;
  const lengths = buffers.map((buffer) => buffer.byteLength).join(",");
  return hostPort().compute(`supports\n${lengths}\n${JSON.stringify(values)}`, bytes) === "1";
}

/** Only what is written in the plainest way: a name, or an object of our own realm with a name and a hash that are strings. */
function headOf(
  request: { readonly algorithm: unknown; readonly handle: number },
  allowed: ReadonlySet<string>,
): string | null {
  const { algorithm, handle } = request;
  const isName = typeof algorithm === "string";
  const name = isName ? algorithm : plainMember(algorithm, "name");
  if (name === null || !allowed.has(name)) return null;
  const hash = name === "ECDSA" && !isName ? hashOf(algorithm) : "";
  if (hash === null || (name === "ECDSA" && !names.has(hash))) return null;
  return `${name}\n${hash}\n${handle}`;
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

/** The inputs one behind the other; null when they are too long. */
function joined(inputs: readonly Subtle[]): ArrayBuffer | null {
  let length = 0;
  for (const input of inputs) length += input.byteLength;
  if (length > quickBytesMax) return null;
  const all = new Uint8Array(length);
  let at = 0;
  for (const input of inputs) {
    const bytes = bytesOf(input);
    all.set(bytes, at);
    at += bytes.length;
  }
  return all.buffer;
}

/** `b` and a character for each byte. */
function resultOf(answer: string): ArrayBuffer | null {
  if (answer === "") return null;
  const bytes = new Uint8Array(answer.length - 1);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = answer.charCodeAt(index + 1);
  return bytes.buffer;
}
