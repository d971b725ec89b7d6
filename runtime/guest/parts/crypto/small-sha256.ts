/**
 * SHA-256 and HMAC-SHA-256 of small messages without leaving the isolate, once its part is loaded: the second use does that, the first goes to the host.
 *
 * Null means that it cannot be done here. A key's bytes are only known of keys that were imported raw, from the parameters kept to import them again.
 */
import { loadPart } from "../load-part.ts";
import type { HmacStart, Sha256 } from "../sha256/main.ts";
import { bytesOf, isBufferSource } from "../../web/encoding/buffer-source.ts";
import { keyReferenceOf, type CryptoKey } from "./crypto-key.ts";

/** Longer messages are faster on the host. */
const smallBytesMax = 16_384;

let engine: Sha256 | null = null;
let uses = 0;
const keys = new WeakMap<CryptoKey, SmallKey | "unknown">();

interface SmallKey {
  readonly start: HmacStart;
  readonly maySign: boolean;
  readonly mayVerify: boolean;
}

export function smallSha256(algorithm: unknown, data: unknown): ArrayBuffer | null {
  const bytes = algorithm === "SHA-256" ? smallBytes(data) : null;
  return bytes === null ? null : (loaded()?.digest(bytes) ?? null);
}

export function smallHmac(algorithm: unknown, key: CryptoKey, data: unknown): ArrayBuffer | null {
  const bytes = algorithm === "HMAC" ? smallBytes(data) : null;
  const sha256 = bytes === null ? null : loaded();
  if (bytes === null || sha256 === null) return null;
  const known = smallKey(sha256, key);
  return known?.maySign === true ? sha256.hmac(known.start, bytes) : null;
}

export function isSmallHmacValid(request: {
  readonly algorithm: unknown;
  readonly key: CryptoKey;
  readonly signature: unknown;
  readonly data: unknown;
}): boolean | null {
  const { algorithm, key, signature, data } = request;
  const mac = algorithm === "HMAC" ? smallBytes(signature) : null;
  const bytes = mac === null ? null : smallBytes(data);
  const sha256 = bytes === null ? null : loaded();
  if (mac === null || bytes === null || sha256 === null) return null;
  const known = smallKey(sha256, key);
  return known?.mayVerify === true ? sha256.isHmac(known.start, { bytes, mac }) : null;
}

/** Null when the key cannot be used here. */
function smallKey(sha256: Sha256, key: CryptoKey): SmallKey | null {
  const known = keys.get(key);
  if (known !== undefined) return known === "unknown" ? null : known;
  const made = importedSmallKey(sha256, key);
  keys.set(key, made ?? "unknown");
  return made;
}

/**
 * An HMAC key for SHA-256 that was imported raw, as long as it was. What it is and may do is read from the parameters of its import: `key.algorithm` and
 * `key.usages` are objects that user code may have changed.
 */
function importedSmallKey(sha256: Sha256, key: CryptoKey): SmallKey | null {
  const { source } = keyReferenceOf(key);
  const bytes = source?.buffers[0];
  if (source === null || bytes === undefined) return null;
  const [format, , algorithm, , usages] = JSON.parse(source.json) as readonly unknown[];
  const { name, hash, length } = membersOf(algorithm);
  if (format !== "raw" || name !== "HMAC" || length !== undefined || !Array.isArray(usages)) return null;
  if (hash !== "SHA-256" && membersOf(hash)["name"] !== "SHA-256") return null;
  return {
    start: sha256.startHmac(new Uint8Array(bytes)),
    maySign: usages.includes("sign"),
    mayVerify: usages.includes("verify"),
  };
}

/** Of an algorithm as WireEncoder writes it. */
function membersOf(value: unknown): {
  readonly [member: string]: unknown;
  readonly name?: unknown;
  readonly hash?: unknown;
  readonly length?: unknown;
} {
  return (value as { readonly members?: Readonly<Record<string, unknown>> } | undefined)?.members ?? {};
}

function loaded(): Sha256 | null {
  if (engine !== null) return engine;
  uses += 1;
  return uses === 2 ? load() : null;
}

function load(): Sha256 | null {
  try {
    const { Sha256 } = loadPart("sha256");
    engine = new Sha256();
  } catch {
    // Without the part, or without WebAssembly, everything goes to the host.
  }
  return engine;
}

/** A view of the bytes; null when it is no BufferSource, or a long one. */
function smallBytes(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (!isBufferSource(value)) return null;
  const bytes = bytesOf(value);
  return bytes.length <= smallBytesMax ? bytes : null;
}
