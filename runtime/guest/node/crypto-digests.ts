/** Digest names of OpenSSL → their implementation (npm package `@noble/hashes`). */
import { blake2b, blake2s } from "@noble/hashes/blake2.js";
import { md5, ripemd160, sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from "@noble/hashes/sha2.js";
import { sha3_224, sha3_256, sha3_384, sha3_512 } from "@noble/hashes/sha3.js";
import type { CHash } from "@noble/hashes/utils.js";
import { invalidArgument, nodeError } from "./node-error.ts";

const digests: Readonly<Record<string, CHash>> = {
  blake2b512: blake2b,
  blake2s256: blake2s,
  md5,
  ripemd160,
  sha1,
  sha224,
  sha256,
  "sha3-224": sha3_224,
  "sha3-256": sha3_256,
  "sha3-384": sha3_384,
  "sha3-512": sha3_512,
  sha384,
  sha512,
  "sha512-224": sha512_224,
  "sha512-256": sha512_256,
};

export const digestNames: readonly string[] = Object.keys(digests);

/** Names are compared without regard to case; `RSA-SHA256`, `SHA-256` and `rmd160` are the digests they contain. */
export function digestOf(name: unknown): CHash {
  if (typeof name !== "string") throw invalidArgument("algorithm", "of type string", name);
  const plain = name
    .toLowerCase()
    .replace(/^rsa-/, "")
    .replace(/^rmd160$|^ripemd$/, "ripemd160");
  const key = Object.hasOwn(digests, plain) ? plain : plain.replace(/^sha-/, "sha").replace("/", "-");
  const digest = Object.hasOwn(digests, key) ? digests[key] : undefined;
  if (digest === undefined) {
    const allowed = digestNames.join(", ");
    throw nodeError(Error, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: received ${name}, allowed ${allowed}`);
  }
  return digest;
}

/** The name that Web Crypto has for the digest, or null when it has none. */
export function webDigestName(name: string): string | null {
  const match = /^sha-?(1|256|384|512)$/i.exec(name);
  return match === null ? null : `SHA-${match[1] ?? ""}`;
}
