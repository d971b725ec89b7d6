/**
 * Where entries stand that this front read lately, so that a repeated read is one file operation.
 *
 * A table of fixed size in one typed array: an entry takes the row of its hash from whoever had it. What is remembered may be outdated; the
 * record says whether it is (it belongs to another key, is marked dead, or its segment is gone).
 */
import type { FoundEntry } from "./entry-index.ts";
import type { KeyHash } from "./key-hash.ts";
import type { Place } from "./record-format.ts";

/** b, c, d, segment, offset, bytes, slot, flags */
const WORDS = 8;
const USED = 1;
const VERIFIED = 2;

export interface RememberedEntry extends FoundEntry {
  /** This front has compared its short body with the checksums. */
  readonly isVerified: boolean;
}

export class RememberedPlaces {
  readonly #rows: Uint32Array;
  readonly #mask: number;

  /** @param entriesMax rounded up to a power of two. */
  constructor(entriesMax: number) {
    const rows = 2 ** Math.ceil(Math.log2(Math.max(1, entriesMax)));
    this.#rows = new Uint32Array(rows * WORDS);
    this.#mask = rows - 1;
  }

  get(hash: KeyHash): RememberedEntry | undefined {
    const at = this.#find(hash);
    if (at < 0) return undefined;
    const word = (index: number): number => this.#rows[at + index] ?? 0;
    const place = { segment: word(3), offset: word(4), bytes: word(5) };
    const flags = word(7);
    return { place, slot: word(6), isUsed: (flags & USED) !== 0, isVerified: (flags & VERIFIED) !== 0 };
  }

  /** Whether that very place is remembered, and its short body was compared. */
  isVerifiedAt(hash: KeyHash, place: Place): boolean {
    const at = this.#find(hash);
    const rows = this.#rows;
    return (
      at >= 0 &&
      rows[at + 3] === place.segment &&
      rows[at + 4] === place.offset &&
      rows[at + 5] === place.bytes &&
      ((rows[at + 7] ?? 0) & VERIFIED) !== 0
    );
  }

  set(hash: KeyHash, entry: RememberedEntry): void {
    const { place, slot } = entry;
    const flags = (entry.isUsed ? USED : 0) + (entry.isVerified ? VERIFIED : 0);
    const row = [hash.b, hash.c, hash.d, place.segment, place.offset, place.bytes, slot, flags];
    this.#rows.set(row, this.#rowOf(hash));
  }

  forget(hash: KeyHash): void {
    const at = this.#find(hash);
    if (at >= 0) this.#rows[at + 3] = 0;
  }

  #rowOf(hash: KeyHash): number {
    return (hash.a & this.#mask) * WORDS;
  }

  #find(hash: KeyHash): number {
    const at = this.#rowOf(hash);
    const rows = this.#rows;
    const isThere = rows[at] === hash.b && rows[at + 1] === hash.c && rows[at + 2] === hash.d && rows[at + 3] !== 0;
    return isThere ? at : -1;
  }
}
