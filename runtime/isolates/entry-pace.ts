/**
 * Whether an instance's entries are so short that the thread that asks runs them itself.
 *
 * Handing an entry to the isolate's own thread costs several times what a quick hook computes; but whoever runs an entry itself can do nothing
 * else meanwhile. So an instance has to show that it is quick first, and one long entry sends it back, for twice as many invocations each time. Pure.
 */

/** What each invocation of a quick instance may take on average, and one look or entry beside that, milliseconds. */
const quick = { perInvocationMs: 0.1, onceMs: 1 } as const;
/** Beyond this an entry that was run here was long. */
const long = { perInvocationMs: 0.2, onceMs: 5 } as const;
const provingInvocations = { first: 64, most: 65_536 } as const;

export class EntryPace {
  #proving: number = provingInvocations.first;
  #proved = 0;
  #isQuick = false;

  /** Whether entries may be run by the thread that asks. */
  get isQuick(): boolean {
    return this.#isQuick;
  }

  /** `invocations` began since the last look, and the isolate used `usedMs` meanwhile on its own thread. */
  looked(usedMs: number, invocations: number): void {
    if (this.#isQuick) return;
    if (usedMs > quick.onceMs + quick.perInvocationMs * invocations) {
      this.#proved = Math.floor(this.#proved / 2);
      return;
    }
    this.#proved += invocations;
    if (this.#proved >= this.#proving) this.#isQuick = true;
  }

  /** An entry that began `invocations` used `usedMs` of the thread that asked. */
  ran(usedMs: number, invocations: number): void {
    if (usedMs <= long.onceMs + long.perInvocationMs * invocations) return;
    this.#isQuick = false;
    this.#proved = 0;
    this.#proving = Math.min(this.#proving * 2, provingInvocations.most);
  }
}
