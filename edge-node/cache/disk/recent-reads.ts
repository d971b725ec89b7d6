/**
 * Places that this front read lately, so that the operating system almost certainly still has their bytes in memory: bounded in bytes, what was
 * read least recently first out.
 *
 * Only a guess, which `SynchronousReads` acts upon and watches; that the bytes are an entry's is checked with every read all the same.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Place } from "./record-format.ts";

interface RecentRead {
  readonly bytes: number;
  readonly recordBytes: number;
  atMs: number;
}

/** The system keeps whole pages, and each read touches one more than it fills. */
const PAGE_BYTES = 4_096;
/** More than segments are long. */
const OFFSETS = 2 ** 32;

export class RecentReads {
  readonly #bytesMax: number;
  readonly #reads = new Map<number, RecentRead>();
  #bytes = 0;

  /** @param bytesMax of the system's memory; 0: nothing counts as recent. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Read just now. `recordBytes`: before the short body. */
  note(place: Place, options: { readonly recordBytes: number; readonly nowMs: number }): void {
    const bytes = place.bytes + 2 * PAGE_BYTES;
    if (bytes > this.#bytesMax) return;
    this.forget(place);
    this.#reads.set(nameOf(place), { bytes, recordBytes: options.recordBytes, atMs: options.nowMs });
    this.#bytes += bytes;
    for (const [oldest, read] of this.#reads) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#reads.delete(oldest);
      this.#bytes -= read.bytes;
    }
  }

  /** How long the record at `place` is; undefined: it was not read lately. */
  recordBytesAt(place: Place, nowMs: number): number | undefined {
    const read = this.#reads.get(nameOf(place));
    return read !== undefined && nowMs - read.atMs <= diskCacheLimits.recentMs ? read.recordBytes : undefined;
  }

  forget(place: Place): void {
    const name = nameOf(place);
    const read = this.#reads.get(name);
    if (read === undefined) return;
    this.#reads.delete(name);
    this.#bytes -= read.bytes;
  }
}

function nameOf({ segment, offset }: Place): number {
  return segment * OFFSETS + offset;
}
