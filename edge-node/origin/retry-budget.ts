/**
 * How many requests may be sent once more: a share of all of them, so that an outage of the origins does not double their load.
 *
 * Knows no request and no origin. Invariant: within any `retryWindowMs` at most `retriesMin` retries or `retryShare` of the requests of up to
 * two such windows, whichever is more.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";

interface Window {
  readonly startMs: number;
  requests: number;
  retries: number;
}

export class RetryBudget {
  readonly #clock: Clock;
  #current: Window;
  #requestsBefore = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#current = { startMs: clock.monotonicMs(), requests: 0, retries: 0 };
  }

  /** A request that is no retry, sent at a moment of the clock's monotonic time. */
  countRequest(nowMs: number): void {
    this.#window(nowMs).requests++;
  }

  /** Whether one more retry may be made; counts it when it may. */
  take(): boolean {
    const window = this.#window(this.#clock.monotonicMs());
    const requests = window.requests + this.#requestsBefore;
    if (window.retries >= Math.max(originLimits.retriesMin, requests * originLimits.retryShare)) return false;
    window.retries++;
    return true;
  }

  #window(nowMs: number): Window {
    const age = nowMs - this.#current.startMs;
    if (age >= originLimits.retryWindowMs) {
      this.#requestsBefore = age < 2 * originLimits.retryWindowMs ? this.#current.requests : 0;
      this.#current = { startMs: nowMs, requests: 0, retries: 0 };
    }
    return this.#current;
  }
}
