/**
 * What WebCrypto asks for again and again and is over in microseconds, whatever the author chose, computed at once while the guest waits: digests, signatures and
 * verifications of small messages. One crossing instead of three; the rest goes the way of subtle.ts, and so does everything that fails here.
 *
 * Bytes come as copied buffers and go back in a string, a character for each. Invariants: nothing from the guest is trusted; a
 * request takes a bounded time, because the thread of all instances performs it; a refusal is "" and never an error.
 */
import { createHmac, hash, KeyObject, sign, timingSafeEqual, verify, type webcrypto } from "node:crypto";
import { isBriefRsa } from "./crypto-cost.ts";
import { ecdsaFromDer, ecdsaToDer } from "./ecdsa-signature.ts";
import { decodeParameters } from "./subtle-parameters.ts";

/** The bytes of each of a request's buffers at most… */
export const quickBytesMax = 65_536;
/** …and of what is hashed with SHA-256, for which processors have instructions: half a millisecond. */
export const hashedBytesMax = 1_048_576;
const requestCharsMax = 4_096;
const buffersMax = 8;

const digests: ReadonlyMap<string, string> = new Map([
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-384", "sha384"],
  ["SHA-512", "sha512"],
]);

interface Signing {
  readonly key: KeyObject;
  /** Node's name of the digest, or null where the algorithm has its own. */
  readonly digest: string | null;
  readonly kind: "hmac" | "ecdsa" | "eddsa" | "rsa";
  /** Of an ECDSA key; else "". */
  readonly curve: string;
  /** Of the data. */
  readonly bytesMax: number;
}

export class QuickCrypto {
  readonly #find: (handle: number) => webcrypto.CryptoKey | undefined;
  readonly #supports: (values: readonly unknown[]) => boolean;
  readonly #keys = new WeakMap<webcrypto.CryptoKey, KeyObject>();

  /** `find` knows the instance's own keys by their numbers; `supports` is SubtleCrypto.supports. */
  constructor(parts: {
    find(handle: number): webcrypto.CryptoKey | undefined;
    supports(values: readonly unknown[]): boolean;
  }) {
    this.#find = (handle) => parts.find(handle);
    this.#supports = (values) => parts.supports(values);
  }

  /**
   * Performs `digest`, `sign`, `verify` or `supports`, whose fields are separated by line feeds (guest/parts/crypto/quick.ts). Returns `b` and the result's bytes,
   * or the verdict 1 or 0; "" when it has to be asked otherwise.
   */
  compute(request: unknown, buffers: readonly unknown[]): string {
    if (typeof request !== "string" || request.length > requestCharsMax || buffers.length > buffersMax) return "";
    if (!buffers.every((buffer) => buffer instanceof ArrayBuffer)) return "";
    const [operation, ...fields] = request.split("\n");
    try {
      switch (operation) {
        case "digest":
          return digest(fields, buffers);
        case "sign":
          return this.#sign(fields, buffers);
        case "verify":
          return this.#verify(fields, buffers);
        case "supports":
          return this.#isSupported(fields, buffers);
        default:
          return "";
      }
    } catch {
      // The same on the other way gives the guest the error that the standard names.
      return "";
    }
  }

  #sign([algorithm = "", digestName = "", handle = ""]: readonly string[], [buffer]: readonly ArrayBuffer[]): string {
    const signing = this.#signing({ algorithm, digest: digestName, handle, usage: "sign" });
    const data = bytesOf(buffer, signing?.bytesMax);
    // An RSA signature takes a millisecond: too long for the thread of all.
    if (signing === null || data === null || signing.kind === "rsa") return "";
    const signature = signed(signing, data);
    return signature === null ? "" : answerOf(signature);
  }

  #verify(
    [algorithm = "", digestName = "", handle = ""]: readonly string[],
    [first, second]: readonly ArrayBuffer[],
  ): string {
    const signing = this.#signing({ algorithm, digest: digestName, handle, usage: "verify" });
    const signature = bytesOf(first, quickBytesMax);
    const data = bytesOf(second, signing?.bytesMax);
    if (signing === null || signature === null || data === null) return "";
    return isValid(signing, signature, data) ? "1" : "0";
  }

  #isSupported([json = ""]: readonly string[], buffers: readonly ArrayBuffer[]): string {
    if (buffers.some(({ byteLength }) => byteLength > quickBytesMax)) return "";
    const lookup = { get: (handle: number) => this.#find(handle) };
    return this.#supports(decodeParameters(json, { buffers, lookup })) ? "1" : "0";
  }

  #signing(wanted: {
    readonly algorithm: string;
    readonly digest: string;
    readonly handle: string;
    readonly usage: "sign" | "verify";
  }): Signing | null {
    const key = this.#find(Number(wanted.handle));
    if (key?.algorithm.name !== wanted.algorithm || !key.usages.includes(wanted.usage)) return null;
    const own = key.algorithm as { readonly hash?: { readonly name: string }; readonly namedCurve?: string };
    switch (wanted.algorithm) {
      case "HMAC":
        return signingWith(own.hash?.name, { key: this.#keyObject(key), kind: "hmac", curve: "" });
      case "RSASSA-PKCS1-v1_5":
        // The author makes up modulus and exponent: up to 27 ms for one verification.
        if (!isBriefRsa(key)) return null;
        return signingWith(own.hash?.name, { key: this.#keyObject(key), kind: "rsa", curve: "" });
      case "ECDSA":
        // P-384 takes a millisecond, P-521 two.
        if (own.namedCurve !== "P-256") return null;
        return signingWith(wanted.digest, { key: this.#keyObject(key), kind: "ecdsa", curve: own.namedCurve ?? "" });
      case "Ed25519":
        return { key: this.#keyObject(key), digest: null, kind: "eddsa", curve: "", bytesMax: quickBytesMax };
      default:
        return null;
    }
  }

  #keyObject(key: webcrypto.CryptoKey): KeyObject {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const made = KeyObject.from(key);
    this.#keys.set(key, made);
    return made;
  }
}

function digest([algorithm = ""]: readonly string[], [buffer]: readonly ArrayBuffer[]): string {
  const name = digests.get(algorithm);
  const data = bytesOf(buffer, name === undefined ? 0 : bytesMaxOf(name));
  return name === undefined || data === null ? "" : answerOf(hash(name, data, "buffer"));
}

function bytesMaxOf(digestName: string): number {
  return digestName === "sha256" ? hashedBytesMax : quickBytesMax;
}

function bytesOf(buffer: ArrayBuffer | undefined, bytesMax: number = 0): Uint8Array | null {
  return buffer === undefined || buffer.byteLength > bytesMax ? null : new Uint8Array(buffer);
}

function answerOf(result: Buffer): string {
  return `b${result.toString("latin1")}`;
}

function signingWith(digestName: string | undefined, rest: Omit<Signing, "digest" | "bytesMax">): Signing | null {
  const name = digests.get(digestName ?? "");
  if (name === undefined) return null;
  return { ...rest, digest: name, bytesMax: rest.kind === "hmac" ? bytesMaxOf(name) : quickBytesMax };
}

function signed({ key, digest, kind, curve }: Signing, data: Uint8Array): Buffer | null {
  if (kind === "hmac") return hmacOf(digest, key, data);
  const signature = sign(digest, data, key);
  return kind === "ecdsa" ? ecdsaFromDer(signature, curve) : signature;
}

function isValid({ key, digest, kind, curve }: Signing, signature: Uint8Array, data: Uint8Array): boolean {
  if (kind === "hmac") {
    const expected = hmacOf(digest, key, data);
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  if (kind !== "ecdsa") return verify(digest, data, key, signature);
  const der = ecdsaToDer(signature, curve);
  return der !== null && verify(digest, data, key, der);
}

function hmacOf(digest: string | null, key: KeyObject, data: Uint8Array): Buffer {
  return createHmac(digest ?? "", key)
    .update(data)
    .digest();
}
