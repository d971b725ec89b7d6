/**
 * The bytes of an entry in a segment: a record of fixed fields, key, head and the list of body blocks, checksummed; a short body follows at once.
 *
 * Pure. Each block carries its place and a CRC-32 seeded with the body's own number, so that a whole block of another body does not pass
 * either. Invariant: `decodeRecord` gives only what `encodeRecord` made for that hash and key.
 */
import { crc32 } from "node:zlib";
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import { isSameHash, readKeyHash, writeKeyHash, type KeyHash } from "./key-hash.ts";

/** Where bytes stand. */
export interface Place {
  /** 1.. ; in a block 0 stands for: right after this record. */
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Block extends Place {
  readonly checksum: number;
}

export interface Record {
  readonly hash: KeyHash;
  /** Names the body over all its places: a random 32-bit number and when it was begun. */
  readonly body: BodyName;
  readonly bodyBytes: number;
  /** Body bytes that follow the record. */
  readonly inlineBytes: number;
  readonly head: Uint8Array;
  readonly blocks: readonly Block[];
  /** Bytes before the inline body. */
  readonly recordBytes: number;
}

export interface BodyName {
  readonly seed: number;
  readonly begun: number;
}

export type RecordRead =
  | { readonly kind: "live"; readonly record: Record }
  /** Replaced or deleted since. */
  | { readonly kind: "dead" }
  | { readonly kind: "damaged" };

const MAGIC = 0x31525653;
const FIXED_BYTES = 64;
/** Of all that follows it; what is before it never differs but for the live byte. */
const CHECKSUM_AT = 8;
const BLOCK_BYTES = 16;
/** The byte that says whether a record is live; the one byte of a record that ever changes. */
export const liveByteAt = 4;
const LIVE = 1;

/** Blocks of long bodies are longer, so that their list stays short. */
export function blockBytesAt(index: number): number {
  return index < 256 ? diskCacheLimits.blockBytes : diskCacheLimits.blockBytes * 4;
}

export function recordBytesOf(sizes: {
  readonly keyBytes: number;
  readonly headBytes: number;
  readonly blocks: number;
}): number {
  return FIXED_BYTES + sizes.keyBytes + sizes.headBytes + sizes.blocks * BLOCK_BYTES;
}

export function encodeRecord(entry: {
  readonly hash: KeyHash;
  readonly key: Uint8Array;
  readonly head: Uint8Array;
  readonly body: BodyName;
  readonly bodyBytes: number;
  readonly inlineBytes: number;
  readonly blocks: readonly Block[];
}): Buffer {
  const { key, head, blocks } = entry;
  const bytes = recordBytesOf({ keyBytes: key.byteLength, headBytes: head.byteLength, blocks: blocks.length });
  const into = Buffer.alloc(bytes);
  into.writeUInt32LE(MAGIC, 0);
  into[liveByteAt] = LIVE;
  into.writeUInt32LE(bytes, 12);
  into.writeUInt32LE(key.byteLength, 16);
  into.writeUInt32LE(head.byteLength, 20);
  into.writeUInt32LE(blocks.length, 24);
  into.writeUIntLE(entry.bodyBytes, 28, 6);
  into.writeUInt32LE(entry.inlineBytes, 36);
  writeKeyHash(entry.hash, into, 40);
  into.writeUInt32LE(entry.body.seed, 56);
  into.writeUInt32LE(entry.body.begun, 60);
  into.set(key, FIXED_BYTES);
  into.set(head, FIXED_BYTES + key.byteLength);
  let at = FIXED_BYTES + key.byteLength + head.byteLength;
  for (const block of blocks) {
    into.writeUInt32LE(block.segment, at);
    into.writeUInt32LE(block.offset, at + 4);
    into.writeUInt32LE(block.bytes, at + 8);
    into.writeUInt32LE(block.checksum, at + 12);
    at += BLOCK_BYTES;
  }
  into.writeUInt32LE(crc32(into.subarray(12)), CHECKSUM_AT);
  return into;
}

/** Checks that `bytes` are a record of that hash (and key, where given) and its inline body, which is not looked at. */
export function decodeRecord(bytes: Buffer, expected: { readonly hash: KeyHash; readonly key?: string }): RecordRead {
  const damaged = { kind: "damaged" } as const;
  if (bytes.byteLength < FIXED_BYTES || bytes.readUInt32LE(0) !== MAGIC) return damaged;
  const recordBytes = bytes.readUInt32LE(12);
  const keyBytes = bytes.readUInt32LE(16);
  const headBytes = bytes.readUInt32LE(20);
  const blockCount = bytes.readUInt32LE(24);
  const inlineBytes = bytes.readUInt32LE(36);
  if (recordBytes !== recordBytesOf({ keyBytes, headBytes, blocks: blockCount })) return damaged;
  if (recordBytes + inlineBytes !== bytes.byteLength) return damaged;
  if (bytes.readUInt32LE(CHECKSUM_AT) !== crc32(bytes.subarray(12, recordBytes))) return damaged;
  const hash = readKeyHash(bytes, 40);
  if (!isSameHash(hash, expected.hash)) return damaged;
  const headAt = FIXED_BYTES + keyBytes;
  if (expected.key !== undefined && bytes.toString("utf8", FIXED_BYTES, headAt) !== expected.key) return damaged;
  // The byte is outside the checksum: anything but "live" counts as dead, which only ever costs a request to the origin.
  if (bytes[liveByteAt] !== LIVE) return { kind: "dead" };
  return {
    kind: "live",
    record: {
      hash,
      body: { seed: bytes.readUInt32LE(56), begun: bytes.readUInt32LE(60) },
      bodyBytes: bytes.readUIntLE(28, 6),
      inlineBytes,
      head: bytes.subarray(headAt, headAt + headBytes),
      blocks: readBlocks(bytes, { at: headAt + headBytes, count: blockCount }),
      recordBytes,
    },
  };
}

/** What tells a record that was found whole from every other, in memory of its own. */
export function signatureOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, FIXED_BYTES));
}

/** Whether `bytes` begin with the record of that signature. Segments are only ever added to, so that the rest of it is the same then. */
export function recognise(bytes: Buffer, signature: Buffer): "live" | "dead" | "other" {
  if (signature.compare(bytes, CHECKSUM_AT, FIXED_BYTES, CHECKSUM_AT, FIXED_BYTES) !== 0) return "other";
  return bytes[liveByteAt] === LIVE ? "live" : "dead";
}

/** The key in a record that `decodeRecord` found whole. */
export function keyOf(bytes: Buffer): Buffer {
  return bytes.subarray(FIXED_BYTES, FIXED_BYTES + bytes.readUInt32LE(16));
}

/** Whether the bytes after the record are the body that was written. */
export function isInlineBodyWhole(bytes: Buffer, record: Record): boolean {
  for (const block of record.blocks) {
    const at = record.recordBytes + block.offset;
    if (checksumOf(bytes.subarray(at, at + block.bytes), record.body) !== block.checksum) return false;
  }
  return true;
}

export function checksumOf(bytes: Uint8Array, body: BodyName): number {
  return crc32(bytes, body.seed);
}

function readBlocks(bytes: Buffer, list: { readonly at: number; readonly count: number }): Block[] {
  const blocks: Block[] = [];
  for (let index = 0, at = list.at; index < list.count; index++, at += BLOCK_BYTES) {
    blocks.push({
      segment: bytes.readUInt32LE(at),
      offset: bytes.readUInt32LE(at + 4),
      bytes: bytes.readUInt32LE(at + 8),
      checksum: bytes.readUInt32LE(at + 12),
    });
  }
  return blocks;
}
