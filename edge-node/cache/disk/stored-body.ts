/**
 * Reads the body of an entry block by block, several neighbouring blocks at once, each checked before it is given out.
 *
 * An entry that is carried over or gets another head while it is read goes on at its new places; a body that was replaced or dropped breaks
 * off. Invariant: no byte of another body, and no early end.
 */
import { DiskBodyError, type ByteRange } from "./disk-store.ts";
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import { checksumOf, type Block, type Record } from "./record-format.ts";
import type { Place } from "./record-format.ts";

export interface BodySource {
  /** Undefined when it is gone. */
  readonly readPlace: (place: Place) => Promise<Buffer | undefined>;
  /** The entry as it stands now, if it still has this body. */
  readonly findAgain: (record: Record) => Promise<Record | undefined>;
  /** The bytes of a block are not what was written. */
  readonly onDamage: () => void;
}

interface Run {
  readonly blocks: readonly Block[];
  readonly place: Place;
}

/** The bytes [from, to) of a body whose blocks stand apart from its record. */
export async function* readBody(
  source: BodySource,
  { record, range }: { readonly record: Record; readonly range: ByteRange },
): AsyncGenerator<Uint8Array, void> {
  let current = record;
  let { index, at } = blockAt(record.blocks, range.from);
  while (at < range.to) {
    const run = takeRun(current.blocks, { index, bytesMax: range.to - at });
    if (run === undefined) throw new DiskBodyError("gone");
    const bytes = await source.readPlace(run.place);
    if (bytes === undefined) {
      const again = await source.findAgain(current);
      if (again === undefined || again.blocks[index]?.segment === current.blocks[index]?.segment) {
        throw new DiskBodyError("gone");
      }
      current = again;
      continue;
    }
    if (!isWhole(bytes, { run, record: current })) {
      source.onDamage();
      throw new DiskBodyError("damaged");
    }
    yield bytes.subarray(Math.max(0, range.from - at), Math.min(bytes.byteLength, range.to - at));
    at += bytes.byteLength;
    index += run.blocks.length;
  }
}

/** The block that holds the byte `from`, and where in the body it begins. */
function blockAt(blocks: readonly Block[], from: number): { index: number; at: number } {
  let at = 0;
  for (const [index, block] of blocks.entries()) {
    if (at + block.bytes > from) return { index, at };
    at += block.bytes;
  }
  return { index: blocks.length, at };
}

/** Blocks from `index` that stand one after the other, as many as are read at once and are needed. */
function takeRun(
  blocks: readonly Block[],
  { index, bytesMax }: { readonly index: number; readonly bytesMax: number },
): Run | undefined {
  const first = blocks[index];
  if (first === undefined) return undefined;
  const taken = [first];
  let bytes = first.bytes;
  for (let block = blocks[index + 1]; block !== undefined; block = blocks[index + taken.length]) {
    const follows = block.segment === first.segment && block.offset === first.offset + bytes;
    if (!follows || bytes >= bytesMax || bytes + block.bytes > diskCacheLimits.readBytesMax) break;
    taken.push(block);
    bytes += block.bytes;
  }
  return { blocks: taken, place: { segment: first.segment, offset: first.offset, bytes } };
}

function isWhole(bytes: Buffer, { run, record }: { readonly run: Run; readonly record: Record }): boolean {
  let at = 0;
  for (const block of run.blocks) {
    if (checksumOf(bytes.subarray(at, at + block.bytes), record.body) !== block.checksum) return false;
    at += block.bytes;
  }
  return true;
}
