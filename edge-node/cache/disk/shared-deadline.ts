/**
 * One deadline for many waits of the same length, with one timer for all: they expire in the order in which they began.
 *
 * A process that got no CPU time finds its timers due before it could see what ended meanwhile: it looks once more before it gives up.
 * Invariant: a wait settles soon after its deadline, whatever its promise does; what the promise does afterwards is dropped.
 */
import type { CancelTimer, Clock } from "../../clock.ts";

interface Wait {
  readonly atMs: number;
  expire: (() => void) | null;
}

export class SharedDeadline {
  readonly #clock: Clock;
  readonly #waitMs: number;
  #waits: Wait[] = [];
  /** Waits before this place are over. */
  #first = 0;
  #timer: CancelTimer | null = null;

  constructor(options: { readonly clock: Clock; readonly waitMs: number }) {
    this.#clock = options.clock;
    this.#waitMs = options.waitMs;
  }

  /** What `promise` gives, or `late()` at the deadline. */
  race<T>(promise: Promise<T>, late: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        try {
          resolve(late());
        } catch (error) {
          reject(error instanceof Error ? error : new Error("late"));
        }
      };
      const wait: Wait = { atMs: this.#clock.monotonicMs() + this.#waitMs, expire };
      this.#waits.push(wait);
      promise.then(
        (value) => {
          wait.expire = null;
          resolve(value);
        },
        (error: unknown) => {
          wait.expire = null;
          reject(error instanceof Error ? error : new Error("failed", { cause: error }));
        },
      );
      this.#timer ??= this.#arm(wait.atMs);
    });
  }

  close(): void {
    this.#timer?.();
    this.#timer = null;
    for (const wait of this.#waits.splice(0)) wait.expire?.();
  }

  #arm(atMs: number): CancelTimer {
    return this.#clock.after(Math.max(1, atMs - this.#clock.monotonicMs()), () => {
      const nowMs = this.#clock.monotonicMs();
      const graceMs = Math.min(this.#waitMs, Math.max(1, nowMs - atMs));
      this.#timer = this.#clock.after(graceMs, () => this.#expire(nowMs));
    });
  }

  #expire(untilMs: number): void {
    this.#timer = null;
    let wait = this.#waits[this.#first];
    while (wait !== undefined && (wait.expire === null || wait.atMs <= untilMs)) {
      wait.expire?.();
      wait = this.#waits[++this.#first];
    }
    this.#waits = this.#waits.slice(this.#first);
    this.#first = 0;
    if (wait !== undefined) this.#timer = this.#arm(wait.atMs);
  }
}
