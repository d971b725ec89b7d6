/** The part sha256 gives what Node.js gives, for every way a message can end in its block. */
import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { messageBytesMax, Sha256 } from "../../../../runtime/guest/parts/sha256/main.ts";

const sha256 = new Sha256();
const lengths = [...Array.from({ length: 260 }, (_, length) => length), 1_023, 1_024, 4_096, 16_384, messageBytesMax];

function messageOf(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, index) => index * 31 + length);
}

function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString("hex");
}

describe("Sha256", () => {
  test("digests messages of every length", () => {
    for (const length of lengths) {
      const message = messageOf(length);
      expect(hex(sha256.digest(message))).toBe(createHash("sha256").update(message).digest("hex"));
    }
  });

  test("nothing of a long message is in the digest of a shorter one", () => {
    sha256.digest(new Uint8Array(1_000).fill(0xff));
    expect(hex(sha256.digest(new Uint8Array(0)))).toBe(createHash("sha256").digest("hex"));
  });

  test.each([0, 1, 32, 63, 64, 65, 200])("HMACs with a key of %i bytes, messages of every length", (keyLength) => {
    const key = messageOf(keyLength);
    const start = sha256.startHmac(key);
    for (const length of lengths) {
      const message = messageOf(length);
      const mac = createHmac("sha256", key).update(message).digest();
      expect(hex(sha256.hmac(start, message))).toBe(mac.toString("hex"));
      expect(sha256.isHmac(start, { bytes: message, mac })).toBe(true);
    }
  });

  test("an HMAC that differs in any bit, or in its length, is not valid", () => {
    const start = sha256.startHmac(messageOf(20));
    const bytes = messageOf(100);
    const mac = new Uint8Array(sha256.hmac(start, bytes));
    for (let bit = 0; bit < 256; bit += 1) {
      const wrong = mac.slice();
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sha256.isHmac(start, { bytes, mac: wrong })).toBe(false);
    }
    for (const length of [0, 31, 33, 64]) {
      const wrong = new Uint8Array(length);
      wrong.set(mac.subarray(0, Math.min(32, length)));
      expect(sha256.isHmac(start, { bytes, mac: wrong })).toBe(false);
    }
  });

  test("the digest is a buffer of its own", () => {
    const first = sha256.digest(messageOf(3));
    const before = hex(first);
    sha256.digest(messageOf(4));
    expect([first.byteLength, hex(first)]).toEqual([32, before]);
  });
});
