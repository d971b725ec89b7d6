import { webcrypto } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { HostOperationError } from "../../../runtime/host-operations/host-operation-error.ts";
import { HostSubtle } from "../../../runtime/host-operations/subtle.ts";
import { ThreadPool } from "../../../runtime/host-operations/thread-pool.ts";

let subtle: HostSubtle;
beforeEach(() => {
  subtle = new HostSubtle(webcrypto, new ThreadPool(() => 0).user("version"));
});

const data = new Uint8Array(new TextEncoder().encode("data")).buffer;

async function importKey(): Promise<number> {
  const parameters = [
    "raw",
    { kind: "buffer", index: 0 },
    { kind: "algorithm", members: { name: "HMAC", hash: "SHA-256" } },
    true,
    ["sign"],
  ];
  const { json } = await subtle.call("crypto.importKey", JSON.stringify(parameters), [data]);
  return (JSON.parse(json) as { key: { handle: number } }).key.handle;
}

describe("HostSubtle", () => {
  test("keeps imported keys until they are released", async () => {
    const handle = await importKey();
    expect(subtle.keyCount).toBe(1);
    const parameters = JSON.stringify(["HMAC", { kind: "key", handle }, { kind: "buffer", index: 0 }]);
    const signed = await subtle.call("crypto.sign", parameters, [data]);
    expect([signed.json, signed.buffers[0]?.byteLength]).toEqual(['{"kind":"buffer"}', 32]);
    await subtle.call("crypto.release", JSON.stringify([handle, 77]), []);
    expect(subtle.keyCount).toBe(0);
    expect((await subtle.call("crypto.sign", parameters, [data])).json).toBe(
      `{"kind":"dropped","handles":[${handle}]}`,
    );
  });

  test("more operations than may run at once all end", async () => {
    const parameters = JSON.stringify(["SHA-256", { kind: "buffer", index: 0 }]);
    const results = await Promise.all(
      Array.from({ length: 100 }, () => subtle.call("crypto.digest", parameters, [data])),
    );
    expect(results.every(({ buffers }) => buffers[0]?.byteLength === 32)).toBe(true);
  });

  const members = (algorithm: object): string =>
    JSON.stringify([
      { kind: "algorithm", members: algorithm },
      { kind: "buffer", index: 0 },
    ]);
  const nested = JSON.parse(`${'{"kind":"algorithm","members":{"hash":'.repeat(9)}"x"${"}}".repeat(9)}`) as object;
  const malformed: readonly [string, string, string][] = [
    ["an unknown method", "crypto.subtle", "[]"],
    ["a method of the prototype", "crypto.constructor", "[]"],
    ["another operation", "fs.readFile", '["/etc/passwd"]'],
    ["no JSON", "crypto.digest", "{"],
    ["no array", "crypto.digest", "{}"],
    ["null", "crypto.digest", "null"],
    ["too many parameters", "crypto.digest", "[1,2,3,4,5,6,7,8]"],
    ["an unknown kind", "crypto.digest", '["SHA-256",{"kind":"file"}]'],
    ["no kind", "crypto.digest", '["SHA-256",{}]'],
    ["a buffer that is not there", "crypto.digest", '["SHA-256",{"kind":"buffer","index":1}]'],
    ["a buffer index that names a method", "crypto.digest", '["SHA-256",{"kind":"buffer","index":"length"}]'],
    ["a negative index", "crypto.digest", '["SHA-256",{"kind":"buffer","index":-1}]'],
    ["a handle that is text", "crypto.sign", '["HMAC",{"kind":"key","handle":"1"},{"kind":"buffer","index":0}]'],
    ["an unknown algorithm member", "crypto.digest", members({ name: "SHA-256", odd: 1 })],
    ["a __proto__ member", "crypto.digest", members(JSON.parse('{"__proto__":{"name":"SHA-256"}}') as object)],
    ["members that are a list", "crypto.digest", members([])],
    ["nesting without end", "crypto.digest", JSON.stringify([nested, { kind: "buffer", index: 0 }])],
    ["usages that are numbers", "crypto.generateKey", '["HMAC",true,[1]]'],
    ["a JWK that is a list", "crypto.importKey", '["jwk",{"kind":"jwk","jwk":[]},"HMAC",true,["sign"]]'],
    [
      "a length that refuses to be a number",
      "crypto.deriveBits",
      '["HKDF",{"kind":"buffer","index":0},{"kind":"jwk","jwk":{"toString":"x","valueOf":"x"}}]',
    ],
    ["a release of text", "crypto.release", '["1"]'],
    ["a release that is no list", "crypto.release", "1"],
  ];
  test.each(malformed)("refuses %s with a TypeError by name", async (_, operation, json) => {
    const failure = subtle.call(operation, json, [data]);
    await expect(failure).rejects.toBeInstanceOf(HostOperationError);
    await expect(failure).rejects.toMatchObject({ name: "TypeError" });
    expect(subtle.keyCount).toBe(0);
  });

  const importedHandle = 1;
  const algorithm = (members: object): object => ({ kind: "algorithm", members });
  const costly: readonly [string, string, readonly unknown[]][] = [
    [
      "a large RSA key",
      "crypto.generateKey",
      [algorithm({ name: "RSA-PSS", modulusLength: 16_384, hash: "SHA-256" }), true, ["sign"]],
    ],
    [
      "an HMAC key of 128 MiB",
      "crypto.generateKey",
      [algorithm({ name: "HMAC", hash: "SHA-256", length: 2 ** 30 }), true, ["sign"]],
    ],
    [
      "many blocks of many iterations",
      "crypto.deriveBits",
      [
        algorithm({ name: "PBKDF2", hash: "SHA-512", salt: { kind: "buffer", index: 0 }, iterations: 1_000_000 }),
        { kind: "key", handle: importedHandle },
        2 ** 22,
      ],
    ],
  ];
  test.each(costly)("refuses %s", async (_, operation, parameters) => {
    expect(await importKey()).toBe(importedHandle);
    await expect(subtle.call(operation, JSON.stringify(parameters), [data])).rejects.toMatchObject({
      name: "NotSupportedError",
      message: /received \d+, allowed 1\.\.\d+/,
    });
  });

  const odd = (bytes: number): string => Buffer.alloc(bytes, 0xff).toString("base64url");
  test.each([
    ["the modulus", { n: odd(1_025), e: "AQAB" }, "received 8200, allowed 1..8192"],
    ["the public exponent", { n: odd(256), e: odd(9) }, "received 72, allowed 1..64"],
  ])("refuses an RSA key when %s is too long, and keeps nothing", async (_, jwk, message) => {
    const rsa = algorithm({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" });
    const parameters = JSON.stringify(["jwk", { kind: "jwk", jwk: { kty: "RSA", ...jwk } }, rsa, true, ["verify"]]);
    await expect(subtle.call("crypto.importKey", parameters, [])).rejects.toMatchObject({
      name: "NotSupportedError",
      message: expect.stringContaining(message) as string,
    });
    expect(subtle.keyCount).toBe(0);
  });

  test.each([
    ["raw", { kind: "buffer", index: 0 }],
    ["jwk", { kind: "jwk", jwk: { kty: "oct", k: odd(65_537) } }],
  ])("refuses %s key data that takes long to hash whenever the key is used", async (format, keyData) => {
    const hmac = algorithm({ name: "HMAC", hash: "SHA-256" });
    const call = subtle.call("crypto.importKey", JSON.stringify([format, keyData, hmac, true, ["sign"]]), [
      new ArrayBuffer(65_537),
    ]);
    await expect(call).rejects.toMatchObject({ message: /received 655\d\d, allowed 1\.\.65536/ });
  });

  test("an error of the host that is none of the web's is hidden", () => {
    const internal = Object.assign(new Error("/secret/path"), { name: "NodeError" });
    expect(HostOperationError.from(internal)).toMatchObject({
      name: "OperationError",
      message: "The operation failed",
    });
    expect(HostOperationError.from(new DOMException("m", "DataError"))).toMatchObject({
      name: "DataError",
      message: "m",
    });
  });
});
