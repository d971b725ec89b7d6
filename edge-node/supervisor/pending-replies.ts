/**
 * Questions whose answers arrive as later messages, matched by id.
 *
 * Invariant: every wait ends: by its answer, by `abandon`, or after its time, the latter two with null.
 */
import type { Clock } from "../clock.ts";

interface PendingReply<T> {
  readonly owner: unknown;
  readonly settle: (value: T | null) => void;
}

export class PendingReplies<T> {
  readonly #clock: Clock;
  readonly #pending = new Map<string, PendingReply<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#pending.size;
  }

  /** `owner` is whoever has to answer; `abandon(owner)` gives all of its waits up. */
  wait(id: string, options: { readonly owner: unknown; readonly timeoutMs: number }): Promise<T | null> {
    return new Promise((resolve) => {
      const settle = (value: T | null): void => {
        cancel();
        this.#pending.delete(id);
        resolve(value);
      };
      const cancel = this.#clock.after(options.timeoutMs, () => settle(null));
      this.#pending.set(id, { owner: options.owner, settle });
    });
  }

  /** Ends the wait for `id`; an answer nobody waits for is dropped. */
  settle(id: string, value: T): void {
    this.#pending.get(id)?.settle(value);
  }

  abandon(owner: unknown): void {
    for (const pending of this.#pending.values()) {
      if (pending.owner === owner) pending.settle(null);
    }
  }
}
