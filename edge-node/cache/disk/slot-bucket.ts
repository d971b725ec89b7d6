/**
 * One bucket of the index: 128 slots of 32 bytes, each the hash of a key and the place of its record.
 *
 * Pure: works on a bucket's bytes. The bucket of an entry comes from its hash's first word. Invariant: a slot whose checksum does not hold
 * counts as empty, so that an index overwritten with anything leads nowhere.
 */
import { crc32 } from "node:zlib";
import type { KeyHash } from "./key-hash.ts";
import type { Place } from "./record-format.ts";

export const slotBytes = 32;
export const slotsPerBucket = 128;
export const bucketBytes: number = slotBytes * slotsPerBucket;
/** Within a slot: the byte that says that the entry was used since it was written. Not under the checksum. */
export const usedByteAt = 28;

export interface Slot {
  /** 0..127 */
  readonly position: number;
  readonly place: Place;
  readonly isUsed: boolean;
}

const CHECKED_BYTES = 24;

/** All slots of that hash; two fronts that wrote the same key at once may leave two. */
export function findSlots(bucket: Buffer, hash: KeyHash): Slot[] {
  const found: Slot[] = [];
  for (let at = 0; at + slotBytes <= bucket.byteLength; at += slotBytes) {
    if (bucket.readUInt32LE(at) !== hash.b || bucket.readUInt32LE(at + 4) !== hash.c) continue;
    if (bucket.readUInt32LE(at + 8) !== hash.d || !isWhole(bucket, at)) continue;
    found.push({
      position: at / slotBytes,
      place: {
        segment: bucket.readUInt32LE(at + 12),
        offset: bucket.readUInt32LE(at + 16),
        bytes: bucket.readUInt32LE(at + 20),
      },
      isUsed: bucket[at + usedByteAt] === 1,
    });
  }
  return found;
}

/** Where a new entry goes: an empty slot, else the one whose segment is the oldest, which is dropped next or was already. */
export function chooseSlot(bucket: Buffer, hash: KeyHash): number {
  let oldest = Infinity;
  let chosen = 0;
  // Fronts that fill different entries into one bucket at once start at different slots.
  const first = hash.b % slotsPerBucket;
  for (let step = 0; step < slotsPerBucket; step++) {
    const position = (first + step) % slotsPerBucket;
    const segment = segmentIn(bucket, position);
    if (segment === 0 || !isWhole(bucket, position * slotBytes)) return position;
    if (segment < oldest) {
      oldest = segment;
      chosen = position;
    }
  }
  return chosen;
}

/** The segment a slot says it leads to, unchecked; 0 when it is empty. */
export function segmentIn(bucket: Buffer, position: number): number {
  return bucket.readUInt32LE(position * slotBytes + 12);
}

/** Two words of the hash in a slot, unchecked. */
export function keyIn(bucket: Buffer, position: number): Pick<KeyHash, "b" | "c"> {
  const at = position * slotBytes;
  return { b: bucket.readUInt32LE(at), c: bucket.readUInt32LE(at + 4) };
}

export function encodeSlot(hash: KeyHash, place: Place): Buffer {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32LE(hash.b, 0);
  slot.writeUInt32LE(hash.c, 4);
  slot.writeUInt32LE(hash.d, 8);
  slot.writeUInt32LE(place.segment, 12);
  slot.writeUInt32LE(place.offset, 16);
  slot.writeUInt32LE(place.bytes, 20);
  slot.writeUInt32LE(crc32(slot.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return slot;
}

function isWhole(bucket: Buffer, at: number): boolean {
  return bucket.readUInt32LE(at + CHECKED_BYTES) === crc32(bucket.subarray(at, at + CHECKED_BYTES));
}
