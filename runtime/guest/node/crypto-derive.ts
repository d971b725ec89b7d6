/**
 * Key derivation of `node:crypto`. With a callback the host computes PBKDF2 and HKDF where Web Crypto knows the digest; everything else
 * runs here, on the function's CPU time.
 */
import { hkdf as nobleHkdf } from "@noble/hashes/hkdf.js";
import { pbkdf2 as noblePbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt as nobleScrypt } from "@noble/hashes/scrypt.js";
import { Buffer } from "./buffer.ts";
import { bytesOf } from "./crypto-bytes.ts";
import { digestOf, webDigestName } from "./crypto-digests.ts";
import { keyBytesOf } from "./crypto-key-object.ts";
import type { BytesCallback } from "./crypto-types.ts";
import { nodeError, outOfRange, requireFunction } from "./node-error.ts";

const BYTES_MAX = 2 ** 31 - 1;

function requireCount(name: string, value: unknown, min: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > BYTES_MAX) {
    throw outOfRange(name, `an integer >= ${String(min)} && <= ${String(BYTES_MAX)}`, value);
  }
  return value;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/** Callbacks are called in a turn of their own, so that what they throw rejects no promise. */
function answer<T>(result: Promise<T>, callback: BytesCallback<T>): void {
  result.then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error: unknown) => queueMicrotask(() => callback(error as Error)),
  );
}

async function deriveBits(
  name: "PBKDF2" | "HKDF",
  secret: Uint8Array,
  parameters: object,
  bytes: number,
): Promise<ArrayBuffer> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, name, false, ["deriveBits"]);
  return subtle.deriveBits({ name, ...parameters }, key, bytes * 8);
}

function pbkdf2Sync(password: unknown, salt: unknown, iterations: number, bytes: number, digest: string): Buffer {
  const options = { c: requireCount("iterations", iterations, 1), dkLen: requireCount("keylen", bytes, 0) };
  const hash = digestOf(digest);
  if (options.dkLen === 0) return Buffer.alloc(0);
  return toBuffer(noblePbkdf2(hash, bytesOf("password", password), bytesOf("salt", salt), options));
}

function pbkdf2(
  password: unknown,
  salt: unknown,
  iterations: number,
  bytes: number,
  digest: string,
  callback: BytesCallback<Buffer>,
): void {
  requireFunction("callback", callback);
  digestOf(digest);
  const web = webDigestName(digest);
  requireCount("iterations", iterations, 1);
  requireCount("keylen", bytes, 0);
  const secret = bytesOf("password", password);
  const parameters = { salt: bytesOf("salt", salt), iterations, hash: web };
  const derived =
    web === null || bytes === 0
      ? Promise.resolve().then(() => pbkdf2Sync(password, salt, iterations, bytes, digest))
      : deriveBits("PBKDF2", secret, parameters, bytes).then((bits) => Buffer.from(bits));
  answer(derived, callback);
}

function hkdfSync(digest: string, secret: unknown, salt: unknown, info: unknown, bytes: number): ArrayBuffer {
  const hash = digestOf(digest);
  requireCount("length", bytes, 0);
  if (bytes > 255 * hash.outputLen) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
  if (bytes === 0) return new ArrayBuffer(0);
  const derived = nobleHkdf(hash, keyBytesOf("ikm", secret), bytesOf("salt", salt), bytesOf("info", info), bytes);
  return new Uint8Array(derived).buffer;
}

function hkdf(
  digest: string,
  secret: unknown,
  salt: unknown,
  info: unknown,
  bytes: number,
  callback: BytesCallback<ArrayBuffer>,
): void {
  requireFunction("callback", callback);
  const web = webDigestName(digest);
  const parameters = { salt: bytesOf("salt", salt), info: bytesOf("info", info), hash: web };
  const isOwn = web === null || bytes === 0 || bytes > 255 * digestOf(digest).outputLen;
  const key = keyBytesOf("ikm", secret);
  answer(
    isOwn
      ? Promise.resolve().then(() => hkdfSync(digest, secret, salt, info, bytes))
      : deriveBits("HKDF", key, parameters, requireCount("length", bytes, 0)),
    callback,
  );
}

interface ScryptOptions {
  readonly N?: number;
  readonly cost?: number;
  readonly r?: number;
  readonly blockSize?: number;
  readonly p?: number;
  readonly parallelization?: number;
  /** Bytes. Default 32 MiB. */
  readonly maxmem?: number;
}

function scryptSync(password: unknown, salt: unknown, bytes: number, options: ScryptOptions = {}): Buffer {
  const N = options.N ?? options.cost ?? 16_384;
  const r = options.r ?? options.blockSize ?? 8;
  const p = options.p ?? options.parallelization ?? 1;
  const maxmem = options.maxmem ?? 32 * 1_048_576;
  const dkLen = requireCount("keylen", bytes, 0);
  const secret = bytesOf("password", password);
  const saltBytes = bytesOf("salt", salt);
  if (dkLen === 0) return Buffer.alloc(0);
  if (!Number.isInteger(Math.log2(N)) || N < 2 || 128 * N * r > maxmem) {
    const message = `Invalid scrypt params: N must be a power of two, and 128 * N * r at most maxmem (${String(maxmem)})`;
    throw nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", message);
  }
  // noble counts a little more than OpenSSL does.
  return toBuffer(nobleScrypt(secret, saltBytes, { N, r, p, dkLen, maxmem: 2 * maxmem + 1_048_576 }));
}

function scrypt(
  password: unknown,
  salt: unknown,
  bytes: number,
  ...rest: [BytesCallback<Buffer>] | [ScryptOptions, BytesCallback<Buffer>]
): void {
  const [first, second] = rest;
  const callback = (second ?? first) as BytesCallback<Buffer>;
  requireFunction("callback", callback);
  const options = second === undefined ? {} : (first as ScryptOptions);
  answer(
    Promise.resolve().then(() => scryptSync(password, salt, bytes, options)),
    callback,
  );
}

export { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync };
