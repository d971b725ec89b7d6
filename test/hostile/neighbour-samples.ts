/** What the neighbour's clients saw, and its summary over a window of time. Pure but for its clock. */
import { median, percentile } from "../../bench/report/statistics.ts";

export interface NeighbourPlan {
  readonly url: string;
  readonly host: string;
  /** What the neighbour answers, before a blank and the path. */
  readonly body: string;
  readonly perSecond: number;
  readonly deadlineMs: number;
}

/** One request. */
export interface NeighbourSample {
  /** When it was due, by `clockMs`. */
  readonly atMs: number;
  /** From that moment to the last byte of the answer. */
  readonly ms: number;
  /** Null: the right answer. */
  readonly failure: string | null;
}

export interface NeighbourSummary {
  readonly requests: number;
  readonly failures: number;
  /** Of all requests, failed ones too; null without any. */
  readonly p99Ms: number | null;
  readonly firstFailure: string | null;
}

/** The same on every thread of this process, milliseconds. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Requests that were due in [fromMs, toMs). */
export function between(
  samples: readonly NeighbourSample[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly NeighbourSample[] {
  return samples.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

export function summariseNeighbour(samples: readonly NeighbourSample[]): NeighbourSummary {
  const failed = samples.filter(({ failure }) => failure !== null);
  const times = samples.map(({ ms }) => ms);
  return {
    requests: samples.length,
    failures: failed.length,
    p99Ms: times.length === 0 ? null : percentile(times, 99),
    firstFailure: failed[0]?.failure ?? null,
  };
}

/** Several windows as one: the median of their percentiles, so that one disturbance of the machine does not pass for the rule. */
export function medianOf(windows: readonly NeighbourSummary[]): NeighbourSummary {
  const percentiles = windows.flatMap(({ p99Ms }) => p99Ms ?? []);
  return {
    requests: windows.reduce((sum, { requests }) => sum + requests, 0),
    failures: windows.reduce((sum, { failures }) => sum + failures, 0),
    p99Ms: percentiles.length === 0 ? null : median(percentiles),
    firstFailure: windows.find(({ firstFailure }) => firstFailure !== null)?.firstFailure ?? null,
  };
}
