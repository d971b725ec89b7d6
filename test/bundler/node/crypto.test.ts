import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalDriver } from "../../../runtime/local-driver.ts";
import { differences } from "./compare-with-node.ts";
import { evaluate, startDriver } from "./run-function.ts";

let driver: LocalDriver;
beforeAll(async () => {
  driver = await startDriver();
});
afterAll(async () => {
  await driver.close();
});

const digests =
  "blake2b512 blake2s256 md5 ripemd160 sha1 sha224 sha256 sha384 sha512 sha512-224 sha512-256 sha3-224 sha3-256 sha3-384 sha3-512 RSA-SHA256 SHA256".split(
    " ",
  );

describe("node:crypto computes what Node.js computes", () => {
  it.each([
    [
      "digests",
      digests.map((name) => `m.createHash("${name}").update("abc").update(new Uint8Array(200)).digest("hex")`),
    ],
    ["HMAC", digests.map((name) => `m.createHmac("${name}", "key").update("abc").digest("base64url")`)],
    [
      "digests of pieces, copies and encodings",
      [
        'm.createHash("sha256").update("YWJj", "base64").digest("latin1")',
        'm.createHash("sha256").digest().length',
        '(() => { const h = m.createHash("md5").update("a"); const c = h.copy().update("b"); return [h.digest("hex"), c.digest("hex")]; })()',
        '(() => { const h = m.createHash("md5"); h.digest(); h.update("a"); })()',
        'm.createHash("sha256").update(1)',
        'm.createHmac("sha256", new Uint8Array([1])).update(new DataView(new ArrayBuffer(2))).digest("hex")',
        'm.createHmac("sha256")',
        'm.hash("sha1", "abc")',
        'm.hash("sha1", "abc", "base64")',
        'm.createHash("sha256").update("x") instanceof m.Hash',
      ],
    ],
    [
      "key derivation",
      [
        'm.pbkdf2Sync("p", "s", 10, 33, "sha512").toString("hex")',
        'm.pbkdf2Sync("p", "s", 10, 33, "md5").toString("hex")',
        'm.pbkdf2Sync("p", "s", 0, 33, "sha512")',
        'm.pbkdf2Sync("p", "s", 1, -1, "sha512")',
        'new Promise((done) => m.pbkdf2("p", "s", 10, 33, "sha256", (e, k) => done([e, k.toString("hex")])))',
        'new Promise((done) => m.pbkdf2("p", "s", 10, 33, "sha3-256", (e, k) => done([e, k.toString("hex")])))',
        'm.pbkdf2("p", "s", 10, 33, "sha256")',
        'Buffer.from(m.hkdfSync("sha256", "key", "salt", "info", 42)).toString("hex")',
        'new Promise((done) => m.hkdf("sha512", "key", "salt", "info", 42, (e, k) => done([e, k instanceof ArrayBuffer, Buffer.from(k).toString("hex")])))',
        'm.hkdfSync("sha256", "key", "salt", "info", 255 * 32 + 1)',
        'm.scryptSync("p", "s", 32, { N: 1024, r: 4, p: 2 }).toString("hex")',
        'm.scryptSync("p", "s", 32).toString("hex")',
        'm.scryptSync("p", "s", 32, { N: 1000 })',
        'm.scryptSync("p", "s", 32, { N: 2 ** 20 })',
        'new Promise((done) => m.scrypt("p", "s", 16, { cost: 16 }, (e, k) => done([e, k.toString("hex")])))',
      ],
    ],
    [
      "secret keys",
      [
        'm.createHmac("sha256", m.createSecretKey(Buffer.from("key"))).update("a").digest("hex")',
        '(() => { const k = m.createSecretKey("6b6579", "hex"); return [k.type, k.symmetricKeySize, k.export().toString(), k.export({ format: "jwk" }), k.equals(m.createSecretKey(Buffer.from("key"))), k instanceof m.KeyObject]; })()',
        'Buffer.from(m.hkdfSync("sha256", m.createSecretKey(Buffer.from("key")), "salt", "info", 8)).toString("hex")',
        "m.createSecretKey(1)",
      ],
    ],
    [
      "comparison and random values",
      [
        'm.timingSafeEqual(Buffer.from("a"), Buffer.from("a"))',
        'm.timingSafeEqual(Buffer.from("a"), new Uint8Array([98]))',
        'm.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))',
        'm.timingSafeEqual("a", "a")',
        "m.randomBytes(70_000).length",
        "m.randomBytes(0).length",
        "m.randomBytes(-1)",
        'm.randomBytes("1")',
        "new Promise((done) => m.randomBytes(4, (e, b) => done([e, b.length])))",
        "m.randomUUID().length",
        "m.randomInt(1)",
        "m.randomInt(5, 6)",
        "m.randomInt(6, 5)",
        "m.randomInt(0.5)",
        "m.randomInt(0, 2 ** 48)",
        "new Promise((done) => m.randomInt(1, (e, n) => done([e, n])))",
        "(() => { const seen = new Set(); for (let i = 0; i < 200; i++) seen.add(m.randomInt(-1, 2)); return [...seen].sort(); })()",
        "m.randomFillSync(new Uint16Array(3), 2).length",
        "m.randomFillSync(Buffer.alloc(3), 2, 2)",
        "new Promise((done) => m.randomFill(Buffer.alloc(3), (e, b) => done([e, b.length])))",
        "m.getRandomValues(new Uint8Array(3)).length",
        "m.webcrypto.subtle === m.subtle",
      ],
    ],
  ])("%s", async (_name, expressions) => {
    expect(await differences(driver, "crypto", expressions)).toEqual([]);
  });
});

it("what no pure JavaScript carries says what to use instead, when it is called", async () => {
  const body = `return [m.createCipheriv, m.createDecipheriv, m.createSign, m.createVerify, m.sign, m.verify, m.createPrivateKey, m.generateKeyPairSync, m.createECDH]
    .map((refused) => { try { refused(); return "ran"; } catch (e) { return e.message; } });`;
  const messages = (await evaluate(driver, { imports: 'import * as m from "node:crypto";', body })) as string[];
  for (const message of messages)
    expect(message).toMatch(/^Cannot use crypto\.\w+ in a function: use crypto\.subtle\./);
});

it("an unknown digest is refused with the list of all", async () => {
  const body = 'try { createHash("sha257"); } catch (e) { return e.message; }';
  const message = await evaluate(driver, { imports: 'import { createHash } from "crypto";', body });
  expect(message).toContain("received sha257, allowed blake2b512, blake2s256, md5,");
});
