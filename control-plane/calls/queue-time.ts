/**
 * The time that a queue measures ages and waits by: it goes on with the monotonic clock, so that setting the machine's clock forward or back
 * changes nothing while the process runs.
 *
 * Invariant: it never goes back, also not from one start to the next: it begins at the clock's time or at the latest time the queue has stored,
 * whichever is later.
 */
import type { Clock } from "../clock.ts";

export class QueueTime {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #startMonotonicMs: number;

  /** `latestMs`: the latest time that was stored before; 0: none. */
  constructor(clock: Clock, { latestMs }: { readonly latestMs: number }) {
    this.#clock = clock;
    this.#startMs = Math.max(clock.now(), latestMs);
    this.#startMonotonicMs = clock.monotonicMs();
  }

  /** Whole milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#startMs + this.#clock.monotonicMs() - this.#startMonotonicMs);
  }
}
