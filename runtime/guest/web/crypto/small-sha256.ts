/**
 * SHA-256 and HMAC-SHA-256 of small messages without leaving the isolate, once its part is loaded: the first uses start that and go to the host.
 *
 * Null means that it cannot be done here. A key's bytes are only known of keys that were imported raw, from the parameters kept to import them again.
 */
import { loadPart } from "../../parts/load-part.ts";
import type { HmacStart, Sha256 } from "../../parts/sha256/main.ts";
import { bytesOf, isBufferSource } from "../encoding/buffer-source.ts";
import { keyReferenceOf, type CryptoKey } from "./crypto-key.ts";

/** Longer messages are faster on the host. */
const smallBytesMax = 4_096;

let engine: Sha256 | null = null;
let isLoading = false;
const starts = new WeakMap<CryptoKey, HmacStart | "unknown">();

export function smallSha256(algorithm: unknown, data: unknown): ArrayBuffer | null {
  if (algorithm !== "SHA-256" || !isSmall(data)) return null;
  const sha256 = loaded();
  return sha256 === null ? null : bufferOf(sha256.digest(bytesOf(data)));
}

export function smallHmac(algorithm: unknown, key: CryptoKey, data: unknown): ArrayBuffer | null {
  const mac = macOf({ algorithm, key, data, usage: "sign" });
  return mac === null ? null : bufferOf(mac);
}

export function isSmallHmacValid(request: {
  readonly algorithm: unknown;
  readonly key: CryptoKey;
  readonly signature: unknown;
  readonly data: unknown;
}): boolean | null {
  const { signature } = request;
  if (!isSmall(signature)) return null;
  const mac = macOf({ ...request, usage: "verify" });
  return mac === null ? null : isEqual(mac, bytesOf(signature));
}

function macOf(request: {
  readonly algorithm: unknown;
  readonly key: CryptoKey;
  readonly data: unknown;
  readonly usage: "sign" | "verify";
}): Uint8Array | null {
  const { algorithm, key, data, usage } = request;
  if (algorithm !== "HMAC" || !isSmall(data) || !key.usages.includes(usage)) return null;
  const sha256 = loaded();
  if (sha256 === null) return null;
  const start = startOf(sha256, key);
  return start === "unknown" ? null : sha256.hmac(start, bytesOf(data));
}

function startOf(sha256: Sha256, key: CryptoKey): HmacStart | "unknown" {
  const known = starts.get(key);
  if (known !== undefined) return known;
  const bytes = rawSha256Key(key);
  const start = bytes === null ? "unknown" : sha256.startHmac(bytes);
  starts.set(key, start);
  return start;
}

/** The bytes of an HMAC key for SHA-256 that was imported raw, as long as they were. */
function rawSha256Key(key: CryptoKey): Uint8Array | null {
  const { name, hash, length } = key.algorithm as { name?: unknown; hash?: { name?: unknown }; length?: unknown };
  const { source } = keyReferenceOf(key);
  const bytes = source?.buffers[0];
  if (name !== "HMAC" || hash?.name !== "SHA-256" || bytes === undefined) return null;
  const [format] = JSON.parse(source?.json ?? "[]") as readonly unknown[];
  return format === "raw" && length === bytes.byteLength * 8 ? new Uint8Array(bytes) : null;
}

function loaded(): Sha256 | null {
  if (engine === null && !isLoading) {
    isLoading = true;
    void load();
  }
  return engine;
}

async function load(): Promise<void> {
  try {
    engine = await loadPart("sha256").Sha256.create();
  } catch {
    // Without the part, or without WebAssembly, everything goes to the host.
  }
}

function isSmall(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return isBufferSource(value) && value.byteLength <= smallBytesMax;
}

/** Takes the same time wherever they differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
