/**
 * Refuses derivations whose work grows with the length that is asked for beyond what one operation may cost.
 *
 * PBKDF2 computes all its iterations again for each block of its digest's length (RFC 8018 §5.2), so only their product bounds the work. It knows
 * parameters as `decodeParameters` gives them, untrusted still: what is no number here is the WebCrypto's to refuse.
 */
import type { SubtleMethod } from "../guest/crypto-protocol.ts";
import { HostOperationError } from "./host-operation-error.ts";
import { costMax } from "./subtle-parameters.ts";

/** RFC 5869 §2.3. */
const hkdfBlocksMax = 255;

/** Bits of a digest, and of its block, which is how long an HMAC key is where nobody said. */
const digestSizes: ReadonlyMap<string, { readonly digest: number; readonly block: number }> = new Map([
  ["SHA-1", { digest: 160, block: 512 }],
  ["SHA-256", { digest: 256, block: 512 }],
  ["SHA-384", { digest: 384, block: 1_024 }],
  ["SHA-512", { digest: 512, block: 1_024 }],
  ["SHA3-256", { digest: 256, block: 1_088 }],
  ["SHA3-384", { digest: 384, block: 832 }],
  ["SHA3-512", { digest: 512, block: 576 }],
]);
/** An unknown one is taken for the costliest. */
const unknownDigest = { digest: 160, block: 1_152 } as const;

/** @throws HostOperationError (NotSupportedError) with what was received and what is allowed. */
export function checkDerivation(method: SubtleMethod, [algorithm, , wanted]: readonly unknown[]): void {
  if (method !== "deriveBits" && method !== "deriveKey") return;
  const lengthBits = method === "deriveBits" ? unsignedLong(Number(wanted ?? 0)) : keyBits(wanted);
  const digestBits = sizesOf(member(algorithm, "hash")).digest;
  const blocks = Math.max(1, Math.ceil(lengthBits / digestBits));
  switch (nameOf(algorithm)) {
    case "PBKDF2":
      atMost(costMax.iterations, blocks * Number(member(algorithm, "iterations")), "iterations × blocks of the digest");
      break;
    case "HKDF":
      atMost(hkdfBlocksMax * digestBits, lengthBits, "length");
      break;
    default:
  }
  atMost(costMax.outputLength, lengthBits, "length");
}

/** Web IDL has negative numbers begin again from 2 ** 32. */
function unsignedLong(number: number): number {
  return Math.max(number, number >>> 0);
}

function keyBits(algorithm: unknown): number {
  const length = member(algorithm, "length");
  if (length !== undefined) return Number(length);
  return nameOf(algorithm) === "HMAC" ? sizesOf(member(algorithm, "hash")).block : 0;
}

function atMost(max: number, received: number, what: string): void {
  if (received > max) {
    throw new HostOperationError(
      "NotSupportedError",
      `Cannot derive: ${what}: received ${received}, allowed 1..${max}`,
    );
  }
}

function sizesOf(hash: unknown): { readonly digest: number; readonly block: number } {
  return digestSizes.get(nameOf(hash)) ?? unknownDigest;
}

/** Names are compared as the Web Cryptography API does, without regard to case. */
function nameOf(algorithm: unknown): string {
  const name = typeof algorithm === "string" ? algorithm : member(algorithm, "name");
  return typeof name === "string" ? name.toUpperCase() : "";
}

function member(algorithm: unknown, name: string): unknown {
  if (typeof algorithm !== "object" || algorithm === null) return undefined;
  return (algorithm as Readonly<Record<string, unknown>>)[name];
}
