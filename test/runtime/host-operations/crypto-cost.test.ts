import { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import type { SubtleMethod } from "../../../runtime/guest/crypto-protocol.ts";
import { cryptoCost } from "../../../runtime/host-operations/crypto-cost.ts";

const { subtle } = webcrypto;
const odd = (bytes: number): string => Buffer.alloc(bytes, 0xff).toString("base64url");

async function rsaKey(modulusBytes: number, e: string): Promise<webcrypto.CryptoKey> {
  const jwk = { kty: "RSA", n: odd(modulusBytes), e };
  return await subtle.importKey("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["verify"]);
}

const password = await subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]);
const aes = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "wrapKey"]);
const pbkdf2 = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations: 1 };
const gcm = { name: "AES-GCM", iv: new Uint8Array(12) };

const brief: readonly [string, SubtleMethod, readonly unknown[]][] = [
  ["a digest", "digest", ["sha-512", new ArrayBuffer(262_144)]],
  ["encryption", "encrypt", [gcm, aes, new ArrayBuffer(100)]],
  ["wrapping", "wrapKey", ["raw", aes, aes, gcm]],
  ["a verification with an ordinary RSA key", "verify", ["RSASSA-PKCS1-v1_5", await rsaKey(256, "AQAB")]],
  ["reading a password", "importKey", ["raw", new ArrayBuffer(8), "PBKDF2", false, ["deriveBits"]]],
  ["a new key on a curve", "generateKey", [{ name: "ECDSA", namedCurve: "P-521" }, false, ["sign"]]],
  ["an agreement", "deriveBits", [{ name: "X25519", public: { ...aes, algorithm: { name: "X25519" } } }, aes, 256]],
];
test.each(brief)("%s is brief", (_, method, parameters) => {
  expect(cryptoCost(method, parameters).lane).toBe("brief");
});

const long: readonly [string, SubtleMethod, readonly unknown[]][] = [
  ["much data", "digest", ["SHA-512", new ArrayBuffer(262_145)]],
  ["much data to authenticate", "encrypt", [{ ...gcm, additionalData: new Uint8Array(262_145) }, aes]],
  ["much output", "sign", [{ name: "KMAC128", outputLength: 8_388_608 }, aes]],
  ["a derivation from a password", "deriveBits", [pbkdf2, password, 256]],
  ["a key from a password", "deriveKey", [pbkdf2, password, { name: "AES-GCM", length: 128 }]],
  ["Argon2", "deriveBits", [{ name: "Argon2id", memory: 8 }, password, 256]],
  ["a new RSA key", "generateKey", [{ name: "RSA-OAEP", modulusLength: 2_048 }]],
  ["a large modulus", "verify", ["RSASSA-PKCS1-v1_5", await rsaKey(512, "AQAB")]],
  ["a large exponent", "verify", ["RSASSA-PKCS1-v1_5", await rsaKey(256, odd(5))]],
  ["an algorithm that is not known", "sign", ["SLH-DSA-SHA2-128s", aes]],
  ["no algorithm", "sign", []],
];
test.each(long)("%s is long", (_, method, parameters) => {
  expect(cryptoCost(method, parameters).lane).toBe("long");
});
