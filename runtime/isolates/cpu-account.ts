/**
 * What an instance used of the CPU, and how much of it each of the things that run in it at once may have caused.
 *
 * An isolate's time cannot be told apart by invocation: each is allowed its own limit once for itself and once for everything that ran beside it.
 */

/** Where an invocation, or a message of its socket, began. */
export interface CpuMark {
  readonly chargedMs: number;
  readonly started: number;
  readonly beside: number;
}

export class CpuAccount {
  #chargedMs = 0;
  #started = 0;

  /** Of what runs after all invocations have ended. */
  #afterwards: { readonly mark: CpuMark; readonly limitMs: number };

  /** What runs before the first invocation has `limitMs`. */
  constructor(limitMs: number) {
    this.#afterwards = { mark: this.begin(0), limitMs };
  }

  /** No invocation runs: what runs from now on has `limitMs`. */
  beginAfterwards(limitMs: number): void {
    this.#afterwards = { mark: this.begin(0), limitMs };
  }

  exceedsAfterwards(): boolean {
    return this.exceeds(this.#afterwards.mark, this.#afterwards.limitMs);
  }

  charge(ms: number): void {
    this.#chargedMs += ms;
  }

  /** Something begins while `beside` others run. */
  begin(beside: number): CpuMark {
    this.#started += 1;
    return { chargedMs: this.#chargedMs, started: this.#started, beside: Math.max(0, beside) };
  }

  /** Whether more was used since `mark` than `limitMs` for itself and for each other thing that ran meanwhile. */
  exceeds(mark: CpuMark, limitMs: number): boolean {
    const sharers = 1 + mark.beside + (this.#started - mark.started);
    return this.#chargedMs - mark.chargedMs > limitMs * sharers;
  }
}
