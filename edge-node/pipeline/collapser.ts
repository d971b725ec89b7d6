/**
 * One origin request for many clients: the first request for a key leads, the others wait for what it finds out.
 *
 * Knows keys only. Invariant: every ticket is settled exactly once, and settling releases all who wait, in order and at once.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";

export type FillResult =
  /** The answer is in the cache, or is arriving there. */
  | { readonly kind: "stored" }
  /** It cannot be shared: everybody asks alone. */
  | { readonly kind: "uncacheable" }
  /** No answer came; it would not come for the others either. */
  | { readonly kind: "failed"; readonly code: ErrorCode };

/** Held by the request that leads. */
export interface FillTicket {
  readonly waiters: number;
  /** Further calls do nothing. */
  settle(result: FillResult): void;
}

export type Joined =
  | { readonly kind: "lead"; readonly ticket: FillTicket }
  | { readonly kind: "wait"; readonly result: Promise<FillResult> };

export class Collapser {
  readonly #fills = new Map<string, Fill>();

  get size(): number {
    return this.#fills.size;
  }

  join(key: string): Joined {
    const running = this.#fills.get(key);
    if (running !== undefined) return { kind: "wait", result: running.wait() };
    const fill = new Fill(() => {
      this.#fills.delete(key);
    });
    this.#fills.set(key, fill);
    return { kind: "lead", ticket: fill };
  }
}

class Fill implements FillTicket {
  readonly #settled = Promise.withResolvers<FillResult>();
  readonly #forget: () => void;
  #open = true;
  waiters = 0;

  constructor(forget: () => void) {
    this.#forget = forget;
  }

  wait(): Promise<FillResult> {
    this.waiters++;
    return this.#settled.promise;
  }

  settle(result: FillResult): void {
    if (!this.#open) return;
    this.#open = false;
    this.#forget();
    this.#settled.resolve(result);
  }
}
