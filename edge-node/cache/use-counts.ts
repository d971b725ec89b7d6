/**
 * How often keys were used of late, also those that memory does not hold any more: what is used once does not go to the disk.
 *
 * A table of fixed size: a key takes the row of its hash from whoever had it and is counted anew then. Counts stop at 255.
 */
import { diskTierLimits } from "../../sdk/cdn-limits.ts";
import type { KeyWords } from "./disk/present-keys.ts";

const COUNT_MAX = 255;

export class UseCounts {
  readonly #keys = new Uint32Array(diskTierLimits.useCounts);
  readonly #counts = new Uint8Array(diskTierLimits.useCounts);

  /** Counts one use and returns how many there were. */
  note(key: KeyWords): number {
    const row = rowOf(key);
    const count = Math.min(COUNT_MAX, this.of(key) + 1);
    this.#keys[row] = key.b;
    this.#counts[row] = count;
    return count;
  }

  of(key: KeyWords): number {
    const row = rowOf(key);
    return this.#keys[row] === key.b ? (this.#counts[row] ?? 0) : 0;
  }
}

function rowOf({ c }: KeyWords): number {
  return c & (diskTierLimits.useCounts - 1);
}
