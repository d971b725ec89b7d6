/**
 * The list at the end of a finished segment: whose bytes stand where, so that dropping it needs no walk through it.
 *
 * Pure. A segment whose front was killed has no list: it is dropped without carrying anything over.
 */
import { crc32 } from "node:zlib";
import { keyHashBytes, readKeyHash, writeKeyHash, type KeyHash } from "./key-hash.ts";

const ITEM_BYTES: number = keyHashBytes;
/** Magic, number of items, checksum of the list. */
export const trailerBytes = 16;
const MAGIC = 0x31545653;

/** Bytes of the list with its trailer. */
export function contentsBytes(items: number): number {
  return items * ITEM_BYTES + trailerBytes;
}

export function encodeContents(hashes: readonly KeyHash[]): Buffer {
  const into = Buffer.alloc(contentsBytes(hashes.length));
  for (const [index, hash] of hashes.entries()) writeKeyHash(hash, into, index * ITEM_BYTES);
  const listBytes = hashes.length * ITEM_BYTES;
  into.writeUInt32LE(MAGIC, listBytes);
  into.writeUInt32LE(hashes.length, listBytes + 4);
  into.writeUInt32LE(crc32(into.subarray(0, listBytes)), listBytes + 8);
  return into;
}

/** How many items the list has that ends with `trailer`; undefined when there is no list. */
export function itemsBefore(trailer: Buffer): number | undefined {
  if (trailer.byteLength !== trailerBytes || trailer.readUInt32LE(0) !== MAGIC) return undefined;
  return trailer.readUInt32LE(4);
}

/** The hashes in a list with its trailer, each once; undefined when it is damaged. */
export function decodeContents(bytes: Buffer): readonly KeyHash[] | undefined {
  const listBytes = bytes.byteLength - trailerBytes;
  if (listBytes < 0 || itemsBefore(bytes.subarray(listBytes)) !== listBytes / ITEM_BYTES) return undefined;
  if (bytes.readUInt32LE(listBytes + 8) !== crc32(bytes.subarray(0, listBytes))) return undefined;
  const hashes: KeyHash[] = [];
  for (let at = 0; at < listBytes; at += ITEM_BYTES) hashes.push(readKeyHash(bytes, at));
  return hashes;
}
