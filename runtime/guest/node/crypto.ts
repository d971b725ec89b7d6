/**
 * `node:crypto` where the web's crypto or pure JavaScript carries it: digests, HMAC, key derivation, random values, comparison.
 * Ciphers, signatures and keys need the host and its answers take a turn: `crypto.subtle` has them; here they throw.
 */
import { Hash, Hmac, createHash, createHmac, getHashes, hash } from "./crypto-hash.ts";
import { hkdf, hkdfSync, pbkdf2, pbkdf2Sync, scrypt, scryptSync } from "./crypto-derive.ts";
import { createSecretKey, KeyObject } from "./crypto-key-object.ts";
import { getRandomValues, randomBytes, randomFill, randomFillSync, randomInt, randomUUID } from "./crypto-random.ts";
import { invalidArgument, nodeError, refusing } from "./node-error.ts";

const webcrypto: Crypto = globalThis.crypto;
const { subtle } = webcrypto;

/** In time that depends on the length alone. */
function timingSafeEqual(left: ArrayBufferView, right: ArrayBufferView): boolean {
  for (const [name, value] of [
    ["buf1", left],
    ["buf2", right],
  ] as const) {
    if (!ArrayBuffer.isView(value))
      throw invalidArgument(name, "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", value);
  }
  if (left.byteLength !== right.byteLength) {
    throw nodeError(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  }
  const bytes = new Uint8Array(left.buffer, left.byteOffset, left.byteLength);
  const others = new Uint8Array(right.buffer, right.byteOffset, right.byteLength);
  let difference = 0;
  for (let i = 0; i < bytes.length; i++) difference |= (bytes[i] ?? 0) ^ (others[i] ?? 0);
  return difference === 0;
}

type Refused = () => never;

const cipher = "use crypto.subtle.encrypt() and decrypt()";
const keys = "use crypto.subtle.generateKey() and importKey()";
const signature = "use crypto.subtle.sign() and verify()";
const agreement = "use crypto.subtle.deriveBits()";

const createCipheriv: Refused = refusing("crypto.createCipheriv", cipher);
const createDecipheriv: Refused = refusing("crypto.createDecipheriv", cipher);
const createSign: Refused = refusing("crypto.createSign", signature);
const createVerify: Refused = refusing("crypto.createVerify", signature);
const sign: Refused = refusing("crypto.sign", signature);
const verify: Refused = refusing("crypto.verify", signature);
const createPublicKey: Refused = refusing("crypto.createPublicKey", keys);
const createPrivateKey: Refused = refusing("crypto.createPrivateKey", keys);
const generateKey: Refused = refusing("crypto.generateKey", keys);
const generateKeySync: Refused = refusing("crypto.generateKeySync", keys);
const generateKeyPair: Refused = refusing("crypto.generateKeyPair", keys);
const generateKeyPairSync: Refused = refusing("crypto.generateKeyPairSync", keys);
const publicEncrypt: Refused = refusing("crypto.publicEncrypt", cipher);
const privateDecrypt: Refused = refusing("crypto.privateDecrypt", cipher);
const createECDH: Refused = refusing("crypto.createECDH", agreement);
const createDiffieHellman: Refused = refusing("crypto.createDiffieHellman", agreement);
const diffieHellman: Refused = refusing("crypto.diffieHellman", agreement);

export {
  Hash,
  Hmac,
  KeyObject,
  createCipheriv,
  createDecipheriv,
  createDiffieHellman,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  diffieHellman,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  getHashes,
  getRandomValues,
  hash,
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  scrypt,
  scryptSync,
  sign,
  subtle,
  timingSafeEqual,
  verify,
  webcrypto,
};
const exported: Readonly<Record<string, unknown>> = {
  Hash,
  Hmac,
  KeyObject,
  createCipheriv,
  createDecipheriv,
  createDiffieHellman,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  diffieHellman,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  getHashes,
  getRandomValues,
  hash,
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  scrypt,
  scryptSync,
  sign,
  subtle,
  timingSafeEqual,
  verify,
  webcrypto,
};
export default exported;
