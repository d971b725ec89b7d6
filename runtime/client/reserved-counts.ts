/**
 * What one engine was told to keep of each version, and when it is told again: of another number at once, of the same after a while, since instances may
 * have been lost, and ever later for a version that does not start.
 *
 * Invariant: few versions at a time have instances being started by it, so that requests get the engine's thread meanwhile, and few are suspected when its
 * process dies of a start.
 */
import { reservedLimits } from "../../sdk/reserved-limits.ts";

export interface ReservedCountsOptions {
  readonly nowMs: () => number;
  /** Tells the engine; resolves with the failure of a start, or "". */
  readonly tell: (key: string, count: number) => Promise<string>;
}

interface Told {
  readonly count: number;
  /** Infinite until the engine has answered. */
  againMs: number;
  failures: number;
}

export class ReservedCounts {
  readonly #options: ReservedCountsOptions;
  readonly #told = new Map<string, Told>();
  /** Whose turn comes when others are done. */
  readonly #waiting = new Map<string, number>();
  #open = 0;

  constructor(options: ReservedCountsOptions) {
    this.#options = options;
  }

  /** Instances that are kept, those that are still to be started included. */
  get total(): number {
    return [...this.#told.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** To be said again and again, of a version that is loaded. */
  say(key: string, count: number): void {
    this.#waiting.delete(key);
    const told = this.#told.get(key);
    if (told === undefined ? count === 0 : told.count === count && this.#options.nowMs() < told.againMs) return;
    const isLess = told !== undefined && count <= told.count && told.againMs === Number.POSITIVE_INFINITY;
    if (count > 0 && !isLess && this.#open >= reservedLimits.versionsStartingMax) {
      this.#waiting.set(key, count);
      return;
    }
    this.#tell(key, { count, againMs: Number.POSITIVE_INFINITY, failures: told?.failures ?? 0 });
  }

  /** The version is not loaded any more. */
  forget(key: string): void {
    this.#told.delete(key);
    this.#waiting.delete(key);
  }

  #tell(key: string, told: Told): void {
    this.#told.set(key, told);
    this.#open += 1;
    void this.#options.tell(key, told.count).then((failure) => {
      this.#open -= 1;
      told.failures = failure === "" ? 0 : told.failures + 1;
      const { retryMs, failedRetryMsMax } = reservedLimits;
      told.againMs = this.#options.nowMs() + Math.min(failedRetryMsMax, retryMs * 2 ** told.failures);
      const [next] = this.#waiting;
      if (next !== undefined) this.say(...next);
    });
  }
}
