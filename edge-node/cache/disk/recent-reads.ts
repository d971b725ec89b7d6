/**
 * Entries that this front read lately, so that the operating system almost certainly still has their bytes in memory; and what their records say,
 * once that was read in the event loop.
 *
 * Only a guess, which `SynchronousReads` acts upon and watches; that the bytes are an entry's is checked with every read all the same. Bounded in the
 * system's memory and in the front's own.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import { SieveMap } from "../sieve-map.ts";
import type { Wanted } from "./key-hash.ts";
import type { Place, Record } from "./record-format.ts";

/** A record that was found whole, in memory of its own. */
export interface KnownEntry {
  readonly wanted: Wanted;
  readonly place: Place;
  readonly record: Record;
  /** See record-format.ts. */
  readonly signature: Buffer;
}

export interface RecentRead {
  readonly wanted: Wanted;
  readonly place: Place;
  readonly recordBytes: number;
  /** Of a clock that only goes forward. */
  atMs: number;
  /** Null until it is read in the event loop. */
  known: KnownEntry | null;
}

/** The system keeps whole pages, and each read touches one more than it fills. */
const PAGE_BYTES = 4_096;
/** What remembering an entry takes beside its record, and how often the record's bytes are held: as such, and decoded. */
const OWN_BYTES = 1_024;
const COPIES = 3;

export class RecentReads {
  readonly #reads: SieveMap<RecentRead>;

  /** @param bytesMax of the system's memory, of which the front takes a `diskCacheLimits.knownShare` of its own beside; 0: nothing counts as recent. */
  constructor(bytesMax: number) {
    this.#reads = new SieveMap({ sizeMax: bytesMax, sizeOf: costOf });
  }

  /** Read just now. */
  note(read: Omit<RecentRead, "known">): void {
    this.#reads.set(read.wanted.key, { ...read, known: null });
  }

  get(key: string): RecentRead | undefined {
    return this.#reads.get(key);
  }

  forget(read: RecentRead): void {
    if (this.#reads.peek(read.wanted.key) === read) this.#reads.delete(read.wanted.key);
  }
}

/** Of whichever of both memories it takes the larger part. */
function costOf({ place, recordBytes }: RecentRead): number {
  const ownBytes = OWN_BYTES + recordBytes * COPIES;
  return Math.max(place.bytes + 2 * PAGE_BYTES, ownBytes * diskCacheLimits.knownShare);
}
