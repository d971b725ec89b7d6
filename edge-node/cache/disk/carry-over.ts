/**
 * Saves what was used since it was written from a segment that is about to be dropped: the second chance that makes first-in-first-out a
 * good approximation of least-recently-used.
 *
 * What is saved goes to the end of the log with its use forgotten. Invariant: bytes are checked before they are written anew, and the index
 * is moved only if it still leads to what was copied.
 */
import type { EntryIndex, FoundEntry } from "./entry-index.ts";
import type { KeyHash } from "./key-hash.ts";
import {
  checksumOf,
  decodeRecord,
  encodeRecord,
  isInlineBodyWhole,
  keyOf,
  type Block,
  type Place,
  type Record,
} from "./record-format.ts";
import type { SegmentFiles } from "./segment-files.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export interface CarryOver {
  readonly leaving: number;
  /** What the segment's list of contents names. */
  readonly hashes: readonly KeyHash[];
  readonly into: SegmentWriter;
  /** `into` gets no more than this: an entry of which more leaves is not carried over. */
  readonly bytesMax: number;
  readonly index: EntryIndex;
  readonly segments: SegmentFiles;
}

/** Returns how many entries were carried over. Throws when the disk refuses; what was carried until then stays. */
export async function carryOver(job: CarryOver): Promise<number> {
  let count = 0;
  for await (const { hash, found } of job.index.findMany(job.hashes)) {
    if (!found.isUsed) continue;
    const to = await copyEntry(job, { hash, found });
    if (to !== undefined && (await job.index.move(hash, { from: found.place, to }))) count++;
  }
  return count;
}

interface Entry {
  readonly hash: KeyHash;
  readonly found: FoundEntry;
}

/** Where the copy stands; undefined when nothing of the entry leaves, it is damaged, or there is no room for it. */
async function copyEntry(job: CarryOver, entry: Entry): Promise<Place | undefined> {
  const { hash, found } = entry;
  const bytes = await job.segments.read(found.place);
  if (bytes === undefined) return undefined;
  const read = decodeRecord(bytes, { hash });
  if (read.kind !== "live") return undefined;
  const { record } = read;
  if (record.inlineBytes > 0 || record.blocks.length === 0) {
    if (found.place.segment !== job.leaving || !hasRoom(job, bytes.byteLength)) return undefined;
    if (!isInlineBodyWhole(bytes, record)) return undefined;
    return append(job, { hash, bytes });
  }
  const isLeaving = ({ segment }: Place): boolean => segment === job.leaving;
  if (!isLeaving(found.place) && !record.blocks.some(isLeaving)) return undefined;
  const blockBytes = record.blocks.filter(isLeaving).reduce((sum, block) => sum + block.bytes, 0);
  if (!hasRoom(job, blockBytes + bytes.byteLength)) return undefined;
  const blocks = await copyBlocks(job, record);
  if (blocks === undefined) return undefined;
  return append(job, { hash, bytes: encodeRecord({ ...record, key: keyOf(bytes), blocks }) });
}

function hasRoom({ into, bytesMax }: CarryOver, bytes: number): boolean {
  return into.bytes + bytes <= bytesMax;
}

/** The list of blocks with those that leave at their new places. */
async function copyBlocks(job: CarryOver, record: Record): Promise<readonly Block[] | undefined> {
  const blocks: Block[] = [];
  for (const block of record.blocks) {
    if (block.segment !== job.leaving) {
      blocks.push(block);
      continue;
    }
    const bytes = await job.segments.read(block);
    if (bytes === undefined || checksumOf(bytes, record.body) !== block.checksum) return undefined;
    const place = await append(job, { hash: record.hash, bytes });
    if (place === undefined) return undefined;
    blocks.push({ ...place, checksum: block.checksum });
  }
  return blocks;
}

async function append(
  { into }: CarryOver,
  { hash, bytes }: { readonly hash: KeyHash; readonly bytes: Buffer },
): Promise<Place | undefined> {
  if (!into.fits(1, bytes.byteLength)) return undefined;
  const [place] = await into.append([{ hash, parts: [bytes], bytes: bytes.byteLength }]);
  return place;
}
