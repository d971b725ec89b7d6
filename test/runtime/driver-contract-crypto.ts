/** The part of the driver contract about WebCrypto: whichever way an operation goes, it gives the same. */
import { createHash, createHmac } from "node:crypto";
import { expect, it } from "vitest";
import type { RunFunction } from "./driver-run.ts";
import { textOf } from "./driver-fixtures.ts";

const sizes = [0, 1, 1_024, 16_384, 16_385, 65_536, 65_537, 1_048_576];

/** Digest and HMAC of every size, three times each, so that the part that hashes small messages is loaded on the way. */
const module = `{ async fetch() {
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const secret = new Uint8Array(40).fill(7);
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const lines = [];
  for (const size of ${JSON.stringify(sizes)}) {
    const data = new Uint8Array(size).map((_, index) => index * 13);
    const answers = new Set();
    for (let round = 0; round < 3; round += 1) {
      const mac = await crypto.subtle.sign("HMAC", key, data);
      const wrong = new Uint8Array(mac.slice(0));
      wrong[5] ^= 1;
      answers.add([
        hex(await crypto.subtle.digest("SHA-256", data)),
        hex(mac),
        await crypto.subtle.verify("HMAC", key, mac, data),
        await crypto.subtle.verify("HMAC", key, wrong, data),
        await crypto.subtle.verify("HMAC", key, mac.slice(1), data),
      ].join(" "));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    lines.push([...answers].join(" | "));
  }
  return new Response(lines.join("\\n"));
} }`;

export function cryptoOperations(run: RunFunction): void {
  it("digests and HMACs of all sizes are right, before and after small ones are hashed in the isolate", async () => {
    const { outcome } = await run(module, { limits: { cpuMs: 20_000 } });
    const expected = sizes.map((size) => {
      const data = new Uint8Array(size).map((_, index) => index * 13);
      const digest = createHash("sha256").update(data).digest("hex");
      const mac = createHmac("sha256", new Uint8Array(40).fill(7)).update(data).digest("hex");
      return `${digest} ${mac} true false false`;
    });
    expect(await textOf(outcome)).toBe(expected.join("\n"));
  });

  it("a key that may not sign is an InvalidAccessError, on every way", async () => {
    const { outcome } = await run(
      `{ async fetch() {
        const key = await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
        const names = [];
        for (let round = 0; round < 3; round += 1) {
          names.push(await crypto.subtle.sign("HMAC", key, new Uint8Array(8)).then(() => "signed", (error) => error.name));
          await crypto.subtle.digest("SHA-256", new Uint8Array(8));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return new Response(names.join(" "));
      } }`,
      { limits: { cpuMs: 20_000 } },
    );
    expect(await textOf(outcome)).toBe("InvalidAccessError InvalidAccessError InvalidAccessError");
  });

  it("what user code writes into a key's usages and algorithm changes nothing", async () => {
    const { outcome } = await run(
      `{ async fetch() {
        const key = await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "HMAC", hash: "SHA-512" }, false, ["verify"]);
        key.usages.push("sign");
        key.algorithm.hash.name = "SHA-256";
        const results = new Set();
        for (let round = 0; round < 4; round += 1) {
          await crypto.subtle.digest("SHA-256", new Uint8Array(8));
          results.add(await crypto.subtle.sign("HMAC", key, new Uint8Array(8)).then(() => "signed", (error) => error.name));
          results.add(await crypto.subtle.verify("HMAC", key, mac, new Uint8Array(8)));
        }
        return new Response([...results].join(" "));
      } }`.replace(
        "mac,",
        `new Uint8Array([${[...createHmac("sha512", new Uint8Array(32)).update(new Uint8Array(8)).digest()].join(",")}]),`,
      ),
      { limits: { cpuMs: 20_000 } },
    );
    expect(await textOf(outcome)).toBe("InvalidAccessError true");
  });

  it("shared memory is not to be had", async () => {
    const { outcome } = await run(
      `{ async fetch() {
        await crypto.subtle.digest("SHA-256", new Uint8Array(8));
        return new Response(typeof SharedArrayBuffer + " " + String(Object.getOwnPropertyNames(globalThis).includes("SharedArrayBuffer")));
      } }`,
    );
    expect(await textOf(outcome)).toBe("undefined false");
  });
}
