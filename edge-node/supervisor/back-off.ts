/**
 * Growing, jittered waits between attempts: each is between half and all of a ceiling that doubles up to `maxMs`.
 *
 * Knows no clock: it only says how long to wait. Invariant: never below `minMs / 2`, never above `maxMs`.
 */
export interface BackOffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

export class BackOff {
  readonly #options: BackOffOptions;
  #ceilingMs: number;

  constructor(options: BackOffOptions) {
    this.#options = options;
    this.#ceilingMs = options.minMs;
  }

  /** Milliseconds to wait before the next attempt; the one after waits up to twice as long. */
  nextMs(): number {
    const ceilingMs = this.#ceilingMs;
    this.#ceilingMs = Math.min(ceilingMs * 2, this.#options.maxMs);
    return Math.round(ceilingMs * (0.5 + this.#options.random() / 2));
  }

  /** An attempt succeeded: the next wait is short again. */
  reset(): void {
    this.#ceilingMs = this.#options.minMs;
  }
}
