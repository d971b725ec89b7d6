/**
 * Moments by which something has to have happened, for very many things at once, with one timer for all: each is a number that is looked at a few
 * times a second, so that setting and moving one costs an assignment.
 *
 * A process that got no CPU time finds its timer due before it could see what came meanwhile: what is found late is given one more look.
 * Invariant: what is due expires within three looks, and not before its moment.
 */
import type { CancelTimer, Clock } from "../clock.ts";

/** Between two looks. */
const LOOK_MS = 100;

export interface Timed {
  /** On the clock's monotonic time; Infinity: at no time. May be changed at any moment. */
  dueMs: number;
  /** Called once for each time that it is found late. */
  expire(): void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #timed = new Set<Timed>();
  #cancelTimer: CancelTimer | null = null;
  #lastLookMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  add(timed: Timed): void {
    this.#timed.add(timed);
    if (this.#cancelTimer === null) this.#wait();
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed);
  }

  close(): void {
    this.#timed.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #wait(): void {
    this.#cancelTimer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #look(): void {
    const lateBeforeMs = this.#lastLookMs;
    this.#lastLookMs = this.#clock.monotonicMs();
    this.#cancelTimer = null;
    for (const timed of this.#timed) {
      if (timed.dueMs > lateBeforeMs) continue;
      timed.dueMs = Infinity;
      timed.expire();
    }
    if (this.#timed.size > 0 && this.#cancelTimer === null) this.#wait();
  }
}
