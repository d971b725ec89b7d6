/** QuickCrypto gives what WebCrypto gives, and refuses everything else with "". */
import { createHash, webcrypto } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { hashedBytesMax, QuickCrypto, quickBytesMax } from "../../../runtime/host-operations/quick-crypto.ts";

const { subtle } = webcrypto;
const supports = (values: readonly unknown[]): boolean => {
  asked = values;
  return values[0] === "digest";
};
let asked: readonly unknown[] = [];
let quick: QuickCrypto;
let keys: Map<number, webcrypto.CryptoKey>;

beforeEach(() => {
  keys = new Map();
  quick = new QuickCrypto({ find: (handle) => keys.get(handle), supports });
});

const text = new TextEncoder().encode("message");

/** Performs a request with copies of these bytes. */
function ask(request: string, ...inputs: readonly Uint8Array[]): string {
  return quick.compute(
    request,
    inputs.map((input) => new Uint8Array(input).buffer),
  );
}

function result(answer: string): Uint8Array {
  expect(answer[0]).toBe("b");
  return new Uint8Array(Buffer.from(answer.slice(1), "latin1"));
}

describe("QuickCrypto", () => {
  test.each(["SHA-1", "SHA-256", "SHA-384", "SHA-512"])("digests with %s", (name) => {
    const expected = createHash(name.replace("-", "").toLowerCase()).update(text).digest();
    expect(result(ask(`digest\n${name}`, text))).toEqual(new Uint8Array(expected));
  });

  test.each([
    ["HMAC", { name: "HMAC", hash: "SHA-256" }, ""],
    ["ECDSA", { name: "ECDSA", namedCurve: "P-256" }, "SHA-256"],
    ["Ed25519", { name: "Ed25519" }, ""],
  ])("signs and verifies with %s as WebCrypto does", async (name, algorithm, digest) => {
    const made = await subtle.generateKey(algorithm as never, false, ["sign", "verify"]);
    const pair = "privateKey" in made ? made : { privateKey: made, publicKey: made };
    keys.set(1, pair.privateKey);
    keys.set(2, pair.publicKey);
    const signature = result(ask(`sign\n${name}\n${digest}\n1`, text));
    const parameters = digest === "" ? name : { name, hash: digest };
    expect(await subtle.verify(parameters, pair.publicKey, signature, text)).toBe(true);
    expect(ask(`verify\n${name}\n${digest}\n2`, signature, text)).toBe("1");
    expect(ask(`verify\n${name}\n${digest}\n2`, signature, new TextEncoder().encode("massage"))).toBe("0");
    expect(ask(`verify\n${name}\n${digest}\n2`, signature.subarray(1), text)).toBe("0");
    expect(ask(`verify\n${name}\n${digest}\n2`, new Uint8Array(0), text)).toBe("0");
  });

  const ones = (bytes: number): string => Buffer.alloc(bytes, 0xff).toString("base64url");
  test.each([
    ["2,048 bits and a public exponent of 24", 256, "AQAB", "0"],
    ["2,048 bits and a public exponent of 32", 256, ones(4), "0"],
    ["2,048 bits and a public exponent of 40", 256, ones(5), ""],
    ["3,072 bits and as long an exponent as that", 384, ones(383), ""],
    ["16,384 bits", 2_048, ones(8), ""],
  ])("an RSA key of %s: verified at once only where that is quick", async (_, modulusBytes, e, answer) => {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const jwk = { kty: "RSA", n: ones(modulusBytes), e };
    keys.set(1, await subtle.importKey("jwk", jwk, algorithm, false, ["verify"]));
    expect(ask("verify\nRSASSA-PKCS1-v1_5\n\n1", new Uint8Array(modulusBytes), text)).toBe(answer);
  });

  test.each(["P-384", "P-521"])("ECDSA on %s takes too long to be waited for", async (namedCurve) => {
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve }, false, ["sign", "verify"]);
    keys.set(1, pair.privateKey);
    keys.set(2, pair.publicKey);
    expect(ask("sign\nECDSA\nSHA-256\n1", text)).toBe("");
    expect(ask("verify\nECDSA\nSHA-256\n2", new Uint8Array(96), text)).toBe("");
  });

  test("a key without the usage, of another algorithm, or unknown, gives no answer", async () => {
    keys.set(1, await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["verify"]));
    expect(ask("sign\nHMAC\n\n1", text)).toBe("");
    expect(ask("sign\nEd25519\n\n1", text)).toBe("");
    expect(ask("sign\nHMAC\n\n99", text)).toBe("");
  });

  test.each([
    "",
    "digest",
    "digest\nMD5",
    "digest\nconstructor",
    "sign\nHMAC\n\n1.5",
    "verify\nHMAC\n\n1",
    "exportKey\nraw\n1",
    `digest\nSHA-256\n${"1".repeat(5_000)}`,
  ])("refuses %j", (request) => {
    expect(ask(request, text)).toBe("");
  });

  test("without its buffers nothing is computed", async () => {
    keys.set(1, await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]));
    for (const request of ["digest\nSHA-256", "sign\nHMAC\n\n1", "verify\nHMAC\n\n1"]) expect(ask(request)).toBe("");
    expect(ask("verify\nHMAC\n\n1", text)).toBe("");
  });

  test("asks whether an algorithm is supported, bytes and all", () => {
    const algorithm = { kind: "algorithm", members: { name: "AES-CBC", iv: { kind: "buffer", index: 0 } } };
    expect(ask(`supports\n${JSON.stringify(["encrypt", algorithm])}`, new Uint8Array([1, 2, 3]))).toBe("0");
    expect(asked).toEqual(["encrypt", { name: "AES-CBC", iv: new Uint8Array([1, 2, 3]) }]);
    expect(ask(`supports\n${JSON.stringify(["digest", "SHA-256"])}`)).toBe("1");
  });

  test.each(["supports\n{", "supports\n[{}]", `supports\n["${"x".repeat(5_000)}"]`])("refuses %j", (request) => {
    expect(ask(request)).toBe("");
  });

  test("takes only ArrayBuffers, and only text", () => {
    for (const bad of [null, undefined, {}, "text", new Uint8Array(4), new SharedArrayBuffer(64)]) {
      expect(quick.compute("digest\nSHA-256", [bad])).toBe("");
    }
    expect(quick.compute({ toString: () => "digest\nSHA-256" }, [new ArrayBuffer(1)])).toBe("");
    expect(
      quick.compute(
        "digest\nSHA-256",
        Array.from({ length: 9 }, () => new ArrayBuffer(1)),
      ),
    ).toBe("");
  });

  test("long messages only where there are instructions for the hash", async () => {
    const [long, tooLong] = [new Uint8Array(hashedBytesMax), new Uint8Array(hashedBytesMax + 1)];
    expect(result(ask("digest\nSHA-256", long))).toHaveLength(32);
    expect(ask("digest\nSHA-256", tooLong)).toBe("");
    expect(ask("digest\nSHA-512", new Uint8Array(quickBytesMax + 1))).toBe("");
    keys.set(1, await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]));
    keys.set(2, await subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, false, ["sign"]));
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    keys.set(3, pair.privateKey);
    const mac = result(ask("sign\nHMAC\n\n1", long));
    expect(ask("verify\nHMAC\n\n1", mac, long)).toBe("1");
    expect(ask("verify\nHMAC\n\n1", mac, tooLong)).toBe("");
    expect(ask("verify\nHMAC\n\n1", new Uint8Array(quickBytesMax + 1), text)).toBe("");
    expect(ask("sign\nHMAC\n\n2", new Uint8Array(quickBytesMax + 1))).toBe("");
    expect(ask("sign\nECDSA\nSHA-256\n3", new Uint8Array(quickBytesMax + 1))).toBe("");
  });
});
