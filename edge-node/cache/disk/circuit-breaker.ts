/**
 * Leaves the disk alone for a while after several failed or slow operations in a row, longer each time it does not recover.
 *
 * Knows nothing of files but the words for what does not pass by itself: such a failure begins a rest at once. Invariant: one success after the
 * rest ends the trouble; one failure begins the next, longer rest.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";

export interface BreakerOptions {
  readonly clock: Clock;
  /** Called when a rest begins. */
  readonly onRest: (rest: { readonly restMs: number; readonly cause: string }) => void;
}

const LASTING: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM"]);

export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #restMs = 0;
  #restUntil = -Infinity;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Whether operations may be tried now. */
  get isClosed(): boolean {
    return this.#restMs === 0 || this.#options.clock.monotonicMs() >= this.#restUntil;
  }

  succeeded(): void {
    this.#failures = 0;
    // What was begun before the rest and ends well within it does not end the rest.
    if (this.#restMs !== 0 && this.isClosed) this.#restMs = 0;
  }

  failed(cause: string): void {
    if (!this.isClosed) return;
    this.#failures++;
    if (this.#restMs === 0 && this.#failures < diskCacheLimits.failuresMax && !LASTING.has(cause)) return;
    this.#restMs = Math.min(diskCacheLimits.restMsMax, Math.max(diskCacheLimits.restMsMin, this.#restMs * 2));
    this.#restUntil = this.#options.clock.monotonicMs() + this.#restMs;
    this.#failures = 0;
    this.#options.onRest({ restMs: this.#restMs, cause });
  }
}
