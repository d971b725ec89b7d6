/**
 * How fast isolate hosts may be started: together they take a share of one core and no more, however fast they die.
 *
 * A start is charged with what starts took so far, from a store that fills with time. Pure: whoever uses it brings the clock.
 */

export interface RestartBudgetOptions {
  /** Of one core, above 0, at most 1: the node's fronts share one. */
  readonly share: number;
  readonly nowMs: number;
}

/** Starts that may follow each other at once, in milliseconds of one core. */
const storedMsMax = 2_000;
const firstGuessMs = 250;
/** How much of what a start took the next one is expected to take. */
const weight = 0.3;

export class RestartBudget {
  readonly #share: number;
  #storedMs: number;
  #filledAtMs: number;
  #startMs = firstGuessMs;

  constructor({ share, nowMs }: RestartBudgetOptions) {
    this.#share = share;
    this.#storedMs = storedMsMax;
    this.#filledAtMs = nowMs;
  }

  /** Takes what one start costs and returns 0; or takes nothing and returns after how many milliseconds to ask again. */
  take(nowMs: number): number {
    this.#storedMs = Math.min(storedMsMax, this.#storedMs + (nowMs - this.#filledAtMs) * this.#share);
    this.#filledAtMs = nowMs;
    const costMs = Math.min(this.#startMs, storedMsMax);
    if (this.#storedMs < costMs) return Math.ceil((costMs - this.#storedMs) / this.#share);
    this.#storedMs -= costMs;
    return 0;
  }

  /** A start took so much CPU time, from the process's creation to its first answer. */
  took(startMs: number): void {
    this.#startMs += (startMs - this.#startMs) * weight;
  }
}
