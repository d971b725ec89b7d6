/**
 * How long an operation of WebCrypto keeps a thread, told from its parameters before it runs. Pure.
 *
 * Brief is only what is known to take milliseconds at most, whatever its author chose; the rest is long, and so is what is not known.
 */
import type { webcrypto } from "node:crypto";
import type { SubtleMethod } from "../guest/crypto-protocol.ts";
import { modulusBits, publicExponentBytes } from "./key-bounds.ts";
import type { OperationCost } from "./thread-pool.ts";

/** Of all that goes in and comes out: a millisecond of the slowest digest. */
const briefBytesMax = 262_144;
const briefBytesPerMs = 100_000;
/** What an operation of quick and of other brief algorithms takes beside its bytes: microseconds, and some milliseconds on a busy machine. */
const quickMsMax = 0.1;
const briefMsMax = 5;
/** RSA keys that take no longer than an ECDSA signature. */
const briefRsa = { modulusBitsMax: 2_048, publicExponentBytesMax: 4 } as const;

/** Algorithms whose name begins so, in capitals. */
const quickNames = [
  "AES-",
  "CHACHA20-",
  "HMAC",
  "KMAC",
  "SHA-",
  "SHA3-",
  "CSHAKE",
  "HKDF",
  "ED25519",
  "X25519",
] as const;
const briefNames = [...quickNames, "ECDSA", "ECDH", "ED448", "X448", "RSA", "ML-DSA", "ML-KEM"] as const;
/** They read a key or write it down. */
const formats: ReadonlySet<SubtleMethod> = new Set(["importKey", "exportKey", "getPublicKey"]);
/** Their first parameter is the name of a format. */
const wraps: ReadonlySet<SubtleMethod> = new Set(["wrapKey", "unwrapKey"]);

/** `parameters` as `decodeParameters` gives them. */
export function cryptoCost(method: SubtleMethod, parameters: readonly unknown[]): OperationCost {
  const bytes = parameters.reduce<number>((sum, parameter) => sum + bytesOf(parameter), 0);
  if (bytes > briefBytesMax || !isBrief(method, parameters))
    return { lane: "long", chargedMsMax: Number.POSITIVE_INFINITY };
  const isQuick =
    !formats.has(method) && algorithmsOf(method, parameters).every((name) => startsWithOne(name, quickNames));
  return { lane: "brief", chargedMsMax: bytes / briefBytesPerMs + (isQuick ? quickMsMax : briefMsMax) };
}

function isBrief(method: SubtleMethod, parameters: readonly unknown[]): boolean {
  if (formats.has(method)) return true;
  const names = algorithmsOf(method, parameters);
  if (names.length === 0 || !names.every((name) => startsWithOne(name, briefNames))) return false;
  if (method === "generateKey" && names.some((name) => name.startsWith("RSA"))) return false;
  return parameters.every((parameter) => !isKey(parameter) || isBriefRsa(parameter));
}

/** Whether using the key takes no longer than one that everybody generates; also of keys that are not RSA's. */
export function isBriefRsa(key: Pick<webcrypto.CryptoKey, "algorithm">): boolean {
  return modulusBits(key) <= briefRsa.modulusBitsMax && publicExponentBytes(key) <= briefRsa.publicExponentBytesMax;
}

function algorithmsOf(method: SubtleMethod, parameters: readonly unknown[]): readonly string[] {
  return (wraps.has(method) ? parameters.slice(1) : parameters).flatMap(namesOf);
}

function startsWithOne(name: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => name.startsWith(beginning));
}

/** In capitals: of the algorithms that an argument names, and of the keys that it is or holds. */
function namesOf(parameter: unknown): readonly string[] {
  if (typeof parameter === "string") return [parameter.toUpperCase()];
  if (isKey(parameter)) return namesOf(parameter.algorithm.name);
  if (!isDictionary(parameter)) return [];
  return [parameter["name"], parameter["hash"], parameter["public"]].flatMap(namesOf);
}

function bytesOf(parameter: unknown): number {
  if (parameter instanceof ArrayBuffer || ArrayBuffer.isView(parameter)) return parameter.byteLength;
  if (isKey(parameter) || !isDictionary(parameter)) return 0;
  const outputBits = Number(parameter["outputLength"] ?? 0);
  return Object.values(parameter).reduce<number>((sum, member) => sum + bytesOf(member), outputBits / 8);
}

function isKey(value: unknown): value is webcrypto.CryptoKey {
  return isDictionary(value) && "usages" in value && "algorithm" in value;
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
