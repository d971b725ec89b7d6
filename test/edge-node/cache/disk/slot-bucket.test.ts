import { describe, expect, it } from "vitest";
import { hashKey } from "../../../../edge-node/cache/disk/key-hash.ts";
import {
  bucketBytes,
  chooseSlot,
  encodeSlot,
  findSlots,
  slotBytes,
  slotsPerBucket,
} from "../../../../edge-node/cache/disk/slot-bucket.ts";

const place = { segment: 5, offset: 4_096, bytes: 700 };

function bucketWith(...keys: readonly string[]): Buffer {
  const bucket = Buffer.alloc(bucketBytes);
  for (const [index, key] of keys.entries()) {
    bucket.set(
      encodeSlot(hashKey(key), { ...place, segment: index + 1 }),
      chooseSlot(bucket, hashKey(key)) * slotBytes,
    );
  }
  return bucket;
}

describe("a bucket", () => {
  it("finds each of as many entries as it has slots", () => {
    const keys = Array.from({ length: slotsPerBucket }, (_item, index) => `key ${index}`);
    const bucket = bucketWith(...keys);
    for (const [index, key] of keys.entries()) {
      expect(findSlots(bucket, hashKey(key)).map((slot) => slot.place.segment)).toEqual([index + 1]);
    }
    expect(findSlots(bucket, hashKey("other"))).toEqual([]);
  });

  it("gives the slot of the oldest segment away when it is full", () => {
    const keys = Array.from({ length: slotsPerBucket + 1 }, (_item, index) => `key ${index}`);
    const bucket = bucketWith(...keys);
    expect(findSlots(bucket, hashKey("key 0"))).toEqual([]);
    expect(findSlots(bucket, hashKey("key 1"))).toHaveLength(1);
    expect(findSlots(bucket, hashKey(`key ${slotsPerBucket}`))).toHaveLength(1);
  });

  it("takes a slot with any changed bit as empty, but for the one of use", () => {
    for (let bit = 0; bit < 28 * 8; bit++) {
      const bucket = Buffer.alloc(bucketBytes);
      const slot = encodeSlot(hashKey("key"), place);
      slot[bit >> 3] = (slot[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      bucket.set(slot);
      expect(findSlots(bucket, hashKey("key"))).toEqual([]);
    }
  });

  it("finds nothing in bytes that are no slots", () => {
    const bucket = Buffer.alloc(bucketBytes, 0xff);
    expect(findSlots(bucket, { a: 0xffffffff, b: 0xffffffff, c: 0xffffffff, d: 0xffffffff })).toEqual([]);
    expect(findSlots(Buffer.alloc(bucketBytes), { a: 0, b: 0, c: 0, d: 0 }).length).toBe(0);
  });
});
