/** The two forms of an ECDSA signature are turned into each other as OpenSSL and WebCrypto have them. */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ecdsaFromDer, ecdsaToDer } from "../../../runtime/host-operations/ecdsa-signature.ts";

const curves = [
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
] as const;
const data = Buffer.from("message");

describe.each(curves)("%s", (curve, size) => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });

  test("what OpenSSL signs is WebCrypto's signature, and the other way round", () => {
    const plain = ecdsaFromDer(sign("sha256", data, privateKey), curve) ?? Buffer.alloc(0);
    expect(plain).toHaveLength(size * 2);
    expect(verify("sha256", data, { key: publicKey, dsaEncoding: "ieee-p1363" }, plain)).toBe(true);
    const signature = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    expect(verify("sha256", data, publicKey, ecdsaToDer(signature, curve) ?? Buffer.alloc(0))).toBe(true);
  });

  test.each([0, 1, 2, size - 1, size])(
    "%i zeros and a set or unset bit before the rest go to DER and back",
    (zeros) => {
      for (const first of [0x01, 0x7f, 0x80, 0xff]) {
        const integer = Buffer.alloc(size, first).fill(0, 0, zeros);
        for (const other of [integer, Buffer.alloc(size, 0x7f)]) {
          const signature = Buffer.concat([integer, other]);
          expect(ecdsaFromDer(ecdsaToDer(signature, curve) ?? Buffer.alloc(0), curve)).toEqual(signature);
        }
      }
    },
  );

  test("an integer is as short as DER demands", () => {
    const signature = Buffer.alloc(size * 2);
    signature[size - 1] = 0x80;
    signature[size * 2 - 1] = 0x7f;
    expect([...(ecdsaToDer(signature, curve) ?? [])]).toEqual([0x30, 7, 0x02, 2, 0, 0x80, 0x02, 1, 0x7f]);
  });

  test.each([
    ["zeros", 0x00],
    ["ones", 0xff],
  ])("a signature of %s is none, and comes back whole", (_, byte) => {
    const signature = Buffer.alloc(size * 2, byte);
    const der = ecdsaToDer(signature, curve) ?? Buffer.alloc(0);
    expect(verify("sha256", data, publicKey, der)).toBe(false);
    expect(ecdsaFromDer(der, curve)).toEqual(signature);
  });

  test.each([0, 1, size, size * 2 - 1, size * 2 + 1])("a signature of %i bytes is none", (length) => {
    expect(ecdsaToDer(new Uint8Array(length), curve)).toBeNull();
  });
});

test("a curve that WebCrypto does not name has no signatures here", () => {
  expect(ecdsaToDer(new Uint8Array(64), "secp256k1")).toBeNull();
  expect(ecdsaFromDer(new Uint8Array(70), "secp256k1")).toBeNull();
});

test("integers that are longer than the order are refused", () => {
  expect(
    ecdsaFromDer(new Uint8Array([0x30, 37, 0x02, 33, ...new Uint8Array(33).fill(1), 0x02, 0]), "P-256"),
  ).toBeNull();
});
