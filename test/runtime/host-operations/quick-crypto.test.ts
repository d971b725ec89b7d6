/** QuickCrypto gives what WebCrypto gives, refuses everything else with "", and never reads beyond the bytes it was given. */
import { createHash, webcrypto } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { QuickCrypto, quickBytesMax } from "../../../runtime/host-operations/quick-crypto.ts";

const { subtle } = webcrypto;
const supports = (values: readonly unknown[]): boolean => {
  asked = values;
  return values[0] === "digest";
};
let asked: readonly unknown[] = [];
let memory: Uint8Array<ArrayBuffer>;
let quick: QuickCrypto;
let keys: Map<number, webcrypto.CryptoKey>;

beforeEach(() => {
  keys = new Map();
  memory = new Uint8Array(256);
  quick = new QuickCrypto({ find: (handle) => keys.get(handle), supports });
});

const text = new TextEncoder().encode("message");

function place(...inputs: readonly Uint8Array[]): void {
  let at = 0;
  for (const input of inputs) {
    memory.set(input, at);
    at += input.length;
  }
}

function result(answer: string): Uint8Array {
  expect(answer[0]).toBe("b");
  return new Uint8Array(Buffer.from(answer.slice(1), "latin1"));
}

describe("QuickCrypto", () => {
  test.each(["SHA-1", "SHA-256", "SHA-384", "SHA-512"])("digests with %s", (name) => {
    place(text);
    const expected = createHash(name.replace("-", "").toLowerCase()).update(text).digest();
    expect(result(quick.compute(`digest\n${name}\n${text.length}`, memory.buffer))).toEqual(new Uint8Array(expected));
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
    place(text);
    const signature = result(quick.compute(`sign\n${name}\n${digest}\n1\n${text.length}`, memory.buffer));
    const parameters = digest === "" ? name : { name, hash: digest };
    expect(await subtle.verify(parameters, pair.publicKey, signature, text)).toBe(true);
    place(signature, text);
    expect(quick.compute(`verify\n${name}\n${digest}\n2\n${signature.length}\n${text.length}`, memory.buffer)).toBe(
      "1",
    );
    place(signature, new TextEncoder().encode("massage"));
    expect(quick.compute(`verify\n${name}\n${digest}\n2\n${signature.length}\n${text.length}`, memory.buffer)).toBe(
      "0",
    );
  });

  test("a key without the usage, of another algorithm, or unknown, gives no answer", async () => {
    keys.set(1, await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["verify"]));
    place(text);
    expect(quick.compute("sign\nHMAC\n\n1\n7", memory.buffer)).toBe("");
    expect(quick.compute("sign\nEd25519\n\n1\n7", memory.buffer)).toBe("");
    expect(quick.compute("sign\nHMAC\n\n99\n7", memory.buffer)).toBe("");
  });

  test.each([
    "",
    "digest",
    "digest\nSHA-256\n257",
    "digest\nSHA-256\n-1",
    "digest\nSHA-256\n1.5",
    "digest\nSHA-256\nNaN",
    "digest\nMD5\n1",
    "digest\nconstructor\n1",
    "verify\nHMAC\n\n1\n300\n-50",
    "exportKey\nraw\n1",
    `digest\nSHA-256\n${"1".repeat(300)}`,
  ])("refuses %j", (request) => {
    expect(quick.compute(request, memory.buffer)).toBe("");
  });

  test("asks whether an algorithm is supported, bytes and all", () => {
    place(new Uint8Array([1, 2, 3]));
    const algorithm = { kind: "algorithm", members: { name: "AES-CBC", iv: { kind: "buffer", index: 0 } } };
    expect(quick.compute(`supports\n3\n${JSON.stringify(["encrypt", algorithm])}`, memory.buffer)).toBe("0");
    expect(asked).toEqual(["encrypt", { name: "AES-CBC", iv: new Uint8Array([1, 2, 3]) }]);
    expect(quick.compute(`supports\n\n${JSON.stringify(["digest", "SHA-256"])}`, memory.buffer)).toBe("1");
  });

  test.each(["supports\n999\n[]", "supports\n\n{", "supports\n\n[{}]", `supports\n\n["${"x".repeat(5_000)}"]`])(
    "refuses %j",
    (request) => {
      expect(quick.compute(request, memory.buffer)).toBe("");
    },
  );

  test("takes only an ArrayBuffer of a bounded size, and only text", () => {
    for (const bad of [null, undefined, {}, new SharedArrayBuffer(64), new ArrayBuffer(quickBytesMax + 1)]) {
      expect(quick.compute("digest\nSHA-256\n1", bad)).toBe("");
    }
    expect(quick.compute({ toString: () => "digest\nSHA-256\n0" }, memory.buffer)).toBe("");
  });
});
