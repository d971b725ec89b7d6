/** A clock that stands still until `advance` moves it; timers fire in the order of their times. */
import type { Clock } from "../../../edge-node/clock.ts";

export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Milliseconds until each timer that waits, ascending. */
  get waits(): number[] {
    return [...this.#timers].map(({ atMs }) => atMs - this.#nowMs).toSorted((left, right) => left - right);
  }

  /** Moves the time on; what was promised by a fired timer may run between timers. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fire();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** Moves the time on within what runs now: nothing fires. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Moves the time on at once, as for a process that did not run: what was due meanwhile fires late. */
  async sleep(byMs: number): Promise<void> {
    this.#nowMs += byMs;
    await this.advance(0);
  }

  #next(endMs: number): { readonly atMs: number; readonly fire: () => void } | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs);
    return due.toSorted((left, right) => left.atMs - right.atMs)[0];
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
