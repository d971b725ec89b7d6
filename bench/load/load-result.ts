/**
 * What one bounded run of a load generator tells, whichever generator it was.
 *
 * Invariant: every request that did not end in a 2xx or 3xx answer is counted in `failures`, never dropped.
 */
export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Non-2xx/3xx answers, connection errors and timeouts together. */
  readonly failures: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}
