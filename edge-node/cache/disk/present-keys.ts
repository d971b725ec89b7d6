/**
 * Which keys may be on the disk, so that asking for one that is not costs no look at it: a Bloom filter of two bits an entry.
 *
 * Nothing is ever taken out; it is made anew from the index now and then. Until it was made once, every key may be there. Invariant: what was
 * added while it is made anew is in the new one, too. A key that it does not know of costs a request to the origin, never a wrong answer.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { KeyHash } from "./key-hash.ts";

/** The words of a key's hash that stand in the index. */
export type KeyWords = Pick<KeyHash, "b" | "c">;

/** For each entry that the index can hold; about 1 % of absent keys seem present with an index that is full. */
const BITS_PER_SLOT = 16;

export class PresentKeys {
  readonly #words: number;
  /** Null: not made yet. */
  #bits: Uint32Array | null = null;
  #next: Uint32Array | null = null;

  /** @param slots of the index. */
  constructor(slots: number) {
    const bits = Math.min(slots * BITS_PER_SLOT, diskCacheLimits.presentKeysBytesMax * 8);
    this.#words = 2 ** Math.ceil(Math.log2(Math.max(1, bits / 32)));
  }

  mayHave(key: KeyWords): boolean {
    const bits = this.#bits;
    return bits === null || (isSet(bits, key.b) && isSet(bits, key.c));
  }

  add(key: KeyWords): void {
    for (const bits of [this.#bits, this.#next]) if (bits !== null) addTo(bits, key);
  }

  /** Makes it anew of what `survey` adds; when that fails it stays as it was. One call at a time. */
  async remake<T>(survey: (add: (key: KeyWords) => void) => Promise<T>): Promise<T> {
    const next = new Uint32Array(this.#words);
    this.#next = next;
    try {
      const result = await survey((key) => addTo(next, key));
      this.#bits = next;
      return result;
    } finally {
      this.#next = null;
    }
  }
}

function addTo(bits: Uint32Array, { b, c }: KeyWords): void {
  for (const word of [b, c]) {
    const at = (word >>> 5) & (bits.length - 1);
    bits[at] = (bits[at] ?? 0) | (1 << (word & 31));
  }
}

function isSet(bits: Uint32Array, word: number): boolean {
  return ((bits[(word >>> 5) & (bits.length - 1)] ?? 0) & (1 << (word & 31))) !== 0;
}
