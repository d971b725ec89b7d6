import { webcrypto } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { type Crypto, createCrypto } from "../../../runtime/guest/web/crypto/crypto.ts";
import { CryptoKey } from "../../../runtime/guest/parts/crypto/main.ts";
import type { CryptoKeyPair } from "../../../runtime/guest/parts/crypto/subtle-crypto.ts";
import { connectFakeHost, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

let port: FakeHostPort;
let crypto: Crypto;
beforeEach(() => {
  port = connectFakeHost();
  crypto = createCrypto();
});

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
const hmac = { name: "HMAC", hash: "SHA-256" };

function importHmac(secret: string = "secret"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes(secret), hmac, true, ["sign", "verify"]);
}

describe("random values", () => {
  test("fill integer arrays of every kind", () => {
    const array = crypto.getRandomValues(new Uint8Array(64));
    expect(new Set(array).size).toBeGreaterThan(10);
    const view = new Uint16Array(new ArrayBuffer(32), 8, 2);
    expect(crypto.getRandomValues(view)).toBe(view);
    expect([...new Uint8Array(view.buffer, 0, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(crypto.getRandomValues(new BigInt64Array(1))).toHaveLength(1);
  });

  test("refuse other arrays and more than 65,536 bytes", () => {
    expect(crypto.getRandomValues(new Uint8Array(65_536))).toHaveLength(65_536);
    const mismatch = expect.objectContaining({ name: "TypeMismatchError" }) as Error;
    expect(() => crypto.getRandomValues(new Float32Array(1))).toThrow(mismatch);
    expect(() => crypto.getRandomValues(new DataView(new ArrayBuffer(1)))).toThrow(mismatch);
    expect(() => crypto.getRandomValues(new Uint8Array(65_537))).toThrow(
      expect.objectContaining({ name: "QuotaExceededError" }) as Error,
    );
    expect(() => crypto.getRandomValues([] as never)).toThrow(TypeError);
  });

  test("randomUUID is a version 4 UUID", () => {
    expect(crypto.randomUUID()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("crypto.subtle", () => {
  test("digests of any view, as Node gives them", async () => {
    const data = bytes("xxhello").subarray(2);
    for (const algorithm of ["SHA-1", "SHA-256", { name: "sha-512" }]) {
      expect(new Uint8Array(await crypto.subtle.digest(algorithm, data))).toEqual(
        new Uint8Array(await webcrypto.subtle.digest(algorithm, bytes("hello"))),
      );
    }
  });

  test("HMAC: sign, verify, export; the key shows what it is", async () => {
    const key = await importHmac();
    const signature = await crypto.subtle.sign("HMAC", key, bytes("data"));
    const verify = (data: string): Promise<boolean> => crypto.subtle.verify("HMAC", key, signature, bytes(data));
    expect([await verify("data"), await verify("other")]).toEqual([true, false]);
    expect(new Uint8Array((await crypto.subtle.exportKey("raw", key)) as ArrayBuffer)).toEqual(bytes("secret"));
    expect(await crypto.subtle.exportKey("jwk", key)).toMatchObject({ kty: "oct", k: "c2VjcmV0" });
    expect([key.type, key.extractable, key.usages]).toEqual(["secret", true, ["sign", "verify"]]);
    expect(key.algorithm).toEqual({ name: "HMAC", length: 48, hash: { name: "SHA-256" } });
    expect(key.algorithm).toBe(key.algorithm);
    expect(key).toBeInstanceOf(CryptoKey);
  });

  test("AES-GCM with additional data", async () => {
    const key = (await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, [
      "encrypt",
      "decrypt",
    ])) as CryptoKey;
    const algorithm = { name: "AES-GCM", iv: crypto.getRandomValues(new Uint8Array(12)), additionalData: bytes("aad") };
    const sealed = await crypto.subtle.encrypt(algorithm, key, bytes("plain"));
    expect(new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed))).toEqual(bytes("plain"));
    const wrong = { ...algorithm, additionalData: bytes("bad") };
    await expect(crypto.subtle.decrypt(wrong, key, sealed)).rejects.toMatchObject({ name: "OperationError" });
  });

  test("ECDH derives the same bits and keys on both sides", async () => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const make = async (): Promise<CryptoKeyPair> =>
      (await crypto.subtle.generateKey(curve, false, ["deriveBits", "deriveKey"])) as CryptoKeyPair;
    const [a, b] = [await make(), await make()];
    const bits = (mine: CryptoKeyPair, other: CryptoKeyPair): Promise<ArrayBuffer> =>
      crypto.subtle.deriveBits({ name: "ECDH", public: other.publicKey }, mine.privateKey, 256);
    expect(new Uint8Array(await bits(a, b))).toEqual(new Uint8Array(await bits(b, a)));
    const derived = await crypto.subtle.deriveKey(
      { name: "ECDH", public: b.publicKey },
      a.privateKey,
      { name: "AES-KW", length: 256 },
      false,
      ["wrapKey", "unwrapKey"],
    );
    const wrapped = await crypto.subtle.wrapKey("raw", await importHmac("0123456789abcdef"), derived, "AES-KW");
    const key = await crypto.subtle.unwrapKey("raw", wrapped, derived, "AES-KW", hmac, true, ["sign"]);
    expect(new Uint8Array((await crypto.subtle.exportKey("raw", key)) as ArrayBuffer)).toEqual(
      bytes("0123456789abcdef"),
    );
  });

  test("RSA keys show their public exponent as bytes", async () => {
    const algorithm = {
      name: "RSA-PSS",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    };
    const pair = (await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"])) as CryptoKeyPair;
    expect(pair.publicKey.algorithm["publicExponent"]).toEqual(new Uint8Array([1, 0, 1]));
    const pss = { name: "RSA-PSS", saltLength: 32 };
    const signature = await crypto.subtle.sign(pss, pair.privateKey, bytes("x"));
    expect(await crypto.subtle.verify(pss, pair.publicKey, signature, bytes("x"))).toBe(true);
  });

  const refused: readonly [string, string, () => Promise<unknown>][] = [
    ["an unknown digest", "NotSupportedError", () => crypto.subtle.digest("MD5", bytes(""))],
    ["data that is no buffer", "TypeError", () => crypto.subtle.digest("SHA-256", "text" as never)],
    ["too few arguments", "TypeError", () => (crypto.subtle.digest as (a: string) => Promise<unknown>)("SHA-256")],
    ["a key that is none", "TypeError", () => crypto.subtle.sign("HMAC", {} as never, bytes(""))],
    ["an algorithm without name", "TypeError", () => crypto.subtle.digest({} as never, bytes(""))],
    ["no usages", "SyntaxError", () => crypto.subtle.importKey("raw", bytes("x"), hmac, true, [])],
    [
      "a usage of another algorithm",
      "SyntaxError",
      () => crypto.subtle.importKey("raw", bytes("x"), hmac, true, ["encrypt"]),
    ],
    ["a JWK that is none", "DataError", () => crypto.subtle.importKey("jwk", {}, hmac, true, ["sign"])],
    ["raw key data that is an object", "TypeError", () => crypto.subtle.importKey("raw", {}, hmac, true, ["sign"])],
    ["an unknown format", "TypeError", () => crypto.subtle.importKey("odd" as never, bytes("x"), hmac, true, ["sign"])],
    [
      "an algorithm the key is not for",
      "InvalidAccessError",
      async () => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, await importHmac(), bytes("")),
    ],
    [
      "an operation the usages do not allow",
      "InvalidAccessError",
      async () => {
        const key = await crypto.subtle.importKey("raw", bytes("x"), hmac, true, ["verify"]);
        return crypto.subtle.sign("HMAC", key, bytes(""));
      },
    ],
    [
      "exporting what is not extractable",
      "InvalidAccessError",
      async () => {
        const key = await crypto.subtle.importKey("raw", bytes("x"), hmac, false, ["sign"]);
        return crypto.subtle.exportKey("raw", key);
      },
    ],
    [
      "PBKDF2 rounds beyond the limit",
      "NotSupportedError",
      async () => {
        const key = await crypto.subtle.importKey("raw", bytes("x"), "PBKDF2", false, ["deriveBits"]);
        const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: bytes("s"), iterations: 1_000_001 };
        return crypto.subtle.deriveBits(algorithm, key, 256);
      },
    ],
  ];
  test.each(refused)("%s is a %s", async (_, name, run) => {
    await expect(run()).rejects.toMatchObject({ name });
  });

  test("classes cannot be constructed", () => {
    expect(() => new (CryptoKey as never as new () => unknown)()).toThrow(TypeError);
    expect(() => Reflect.construct(crypto.subtle.constructor, [])).toThrow(TypeError);
    expect(() => Reflect.construct(crypto.constructor, [])).toThrow(TypeError);
  });
});

describe("keys the host dropped", () => {
  test("an imported key comes back unnoticed", async () => {
    const key = await importHmac("first");
    const expected = await crypto.subtle.sign("HMAC", key, bytes("data"));
    for (let i = 0; i < 600; i++) await importHmac(`k${i}`);
    expect(port.subtle.keyCount).toBeLessThanOrEqual(1_000);
    port.calls.length = 0;
    expect(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes("data")))).toEqual(new Uint8Array(expected));
    expect(port.calls).toEqual(["crypto.sign", "crypto.importKey", "crypto.sign"]);
    await crypto.subtle.sign("HMAC", key, bytes("data"));
    // A key that is there signs at once.
    expect(port.calls).toHaveLength(3);
  });

  test("a generated key gives an OperationError that says why", async () => {
    const generate = async (): Promise<CryptoKey> =>
      (await crypto.subtle.generateKey(hmac, false, ["sign"])) as CryptoKey;
    const key = await generate();
    for (let i = 0; i < 500; i++) await generate();
    await expect(crypto.subtle.sign("HMAC", key, bytes("x"))).rejects.toMatchObject({
      name: "OperationError",
      message: expect.stringContaining("no longer available") as string,
    });
  });
});
