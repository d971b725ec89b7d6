/**
 * Parameters of a crypto operation as a guest sent them (guest/crypto-protocol.ts), checked and turned into values.
 *
 * The JSON is untrusted: every kind, index, handle and member is checked here, and costs that grow with a number (PBKDF2 rounds,
 * RSA key size) are bounded, because the host's threads are shared by all functions.
 */
import type { webcrypto } from "node:crypto";
import { algorithmMembers, type SubtleMethod } from "../guest/crypto-protocol.ts";
import { HostOperationError } from "./host-operation-error.ts";

export interface KeyLookup {
  /** Undefined when the key is not here. */
  get(handle: number): webcrypto.CryptoKey | undefined;
}

export interface DecodeContext {
  readonly buffers: readonly ArrayBuffer[];
  readonly lookup: KeyLookup;
}

const PARAMETERS_MAX = 7;
const USAGES_MAX = 32;
const DEPTH_MAX = 4;
const HANDLES_MAX = 10_000;
const JWK_MEMBERS_MAX = 64;

/** The largest value of an algorithm's member that drives cost; what a derivation's length adds is derivation-bounds.ts. */
export const costMax = {
  /** PBKDF2: in all, over the blocks of what is derived. */
  iterations: 1_000_000,
  modulusLength: 4_096,
  /** A key's, bits: HMAC and KMAC take any. */
  length: 65_536,
  /** Bits. */
  outputLength: 8_388_608,
  /** Argon2: KiB, rounds and lanes. */
  memory: 65_536,
  passes: 16,
  parallelism: 4,
} as const;
const costMaxByName: ReadonlyMap<string, number> = new Map(Object.entries(costMax));

const methods: ReadonlySet<string> = new Set<SubtleMethod>([
  "digest",
  "sign",
  "verify",
  "encrypt",
  "decrypt",
  "generateKey",
  "importKey",
  "exportKey",
  "deriveBits",
  "deriveKey",
  "wrapKey",
  "unwrapKey",
  "encapsulateBits",
  "encapsulateKey",
  "decapsulateBits",
  "decapsulateKey",
  "getPublicKey",
]);

export function isSubtleMethod(method: string): method is SubtleMethod {
  return methods.has(method);
}

/** The parameters in order. A key that `context.lookup` does not know is undefined among them. Throws HostOperationError. */
export function decodeParameters(json: string, context: DecodeContext): unknown[] {
  const values = parseJson(json);
  if (!Array.isArray(values) || values.length > PARAMETERS_MAX) throw malformed();
  return values.map((value: unknown) => decode(value, context, 0));
}

/** The numbers of a `crypto.release`. */
export function parseHandles(json: string): readonly number[] {
  const values = parseJson(json);
  if (!Array.isArray(values) || values.length > HANDLES_MAX || !values.every(Number.isSafeInteger)) throw malformed();
  return values as readonly number[];
}

function decode(value: unknown, context: DecodeContext, depth: number): unknown {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (depth > DEPTH_MAX) throw malformed();
  if (Array.isArray(value)) {
    if (value.length > USAGES_MAX || !value.every((item) => typeof item === "string")) throw malformed();
    return value;
  }
  const tagged = value as Readonly<Record<string, unknown>>;
  switch (tagged["kind"]) {
    case "buffer":
      return bufferAt(tagged["index"], context);
    case "key":
      if (!Number.isSafeInteger(tagged["handle"])) throw malformed();
      return context.lookup.get(tagged["handle"] as number);
    case "algorithm":
      return decodeAlgorithm(tagged["members"], context, depth);
    case "jwk":
      return decodeJwk(tagged["jwk"]);
    default:
      throw malformed();
  }
}

function bufferAt(index: unknown, context: DecodeContext): ArrayBuffer {
  const buffer = Number.isSafeInteger(index) ? context.buffers[index as number] : undefined;
  if (!(buffer instanceof ArrayBuffer)) throw malformed();
  return buffer;
}

function decodeAlgorithm(members: unknown, context: DecodeContext, depth: number): Readonly<Record<string, unknown>> {
  if (typeof members !== "object" || members === null || Array.isArray(members)) throw malformed();
  const algorithm: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    if (!algorithmMembers.includes(name)) throw malformed();
    const value = decode(member, context, depth + 1);
    const max = costMaxByName.get(name);
    if (max !== undefined && Number(value) > max) {
      throw new HostOperationError(
        "NotSupportedError",
        `algorithm.${name}: received ${Number(value)}, allowed 1..${max}`,
      );
    }
    // Buffers become views, which every dictionary member that takes bytes accepts.
    algorithm[name] = value instanceof ArrayBuffer ? new Uint8Array(value) : value;
  }
  return algorithm;
}

function decodeJwk(jwk: unknown): Readonly<Record<string, unknown>> {
  if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) throw malformed();
  if (Object.keys(jwk).length > JWK_MEMBERS_MAX) throw malformed();
  return jwk as Readonly<Record<string, unknown>>;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw malformed();
  }
}

function malformed(): HostOperationError {
  return new HostOperationError("TypeError", "The parameters of the crypto operation are malformed");
}
