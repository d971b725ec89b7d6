import { describe, expect, it } from "vitest";
import { hashKey } from "../../../../edge-node/cache/disk/key-hash.ts";
import {
  checksumOf,
  decodeRecord,
  encodeRecord,
  isInlineBodyWhole,
  liveByteAt,
} from "../../../../edge-node/cache/disk/record-format.ts";

const body = { seed: 7, begun: 9 };
const text = Buffer.from("the body");

function encode(key: string): Buffer {
  const blocks = [{ segment: 0, offset: 0, bytes: text.byteLength, checksum: checksumOf(text, body) }];
  const entry = { hash: hashKey(key), key: Buffer.from(key), head: Buffer.from("head"), body, blocks };
  return Buffer.concat([encodeRecord({ ...entry, bodyBytes: text.byteLength, inlineBytes: text.byteLength }), text]);
}

describe("a record", () => {
  it("is read back as it was written", () => {
    const bytes = encode("key");
    const read = decodeRecord(bytes, { hash: hashKey("key"), key: "key" });
    expect(read).toMatchObject({ kind: "live", record: { body, bodyBytes: 8, inlineBytes: 8 } });
    if (read.kind !== "live") return;
    expect(Buffer.from(read.record.head).toString()).toBe("head");
    expect(isInlineBodyWhole(bytes, read.record)).toBe(true);
  });

  it("is found damaged whichever bit was changed, or dead at the byte that says so", () => {
    for (let bit = 0; bit < encode("key").byteLength * 8; bit++) {
      const bytes = encode("key");
      const at = bit >> 3;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
      const read = decodeRecord(bytes, { hash: hashKey("key"), key: "key" });
      const isUnused = at > liveByteAt && at < 8;
      const isGiven = read.kind === "live" && isInlineBodyWhole(bytes, read.record);
      expect(isGiven, `bit ${bit}`).toBe(isUnused);
      expect(read.kind === "dead", `bit ${bit}`).toBe(at === liveByteAt);
    }
  });

  it("is found damaged at every shorter or greater length", () => {
    const bytes = encode("key");
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(decodeRecord(bytes.subarray(0, length), { hash: hashKey("key"), key: "key" }).kind).toBe("damaged");
    }
    expect(decodeRecord(Buffer.concat([bytes, text]), { hash: hashKey("key"), key: "key" }).kind).toBe("damaged");
  });

  it("is not given for another hash, nor for another key with the same hash", () => {
    expect(decodeRecord(encode("key"), { hash: hashKey("other"), key: "other" }).kind).toBe("damaged");
    expect(decodeRecord(encode("key"), { hash: hashKey("key"), key: "other" }).kind).toBe("damaged");
  });

  it("has checksums that another body's bytes do not meet, even the same bytes", () => {
    expect(checksumOf(text, { seed: 8, begun: 9 })).not.toBe(checksumOf(text, body));
  });
});
