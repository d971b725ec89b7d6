/**
 * What nodes count about functions, and how it is shown: the counters behind `selvage top` and staged rollouts.
 */
import type { DurationTally } from "./duration-buckets.ts";

/** What a version did since the report before. */
export interface VersionTally {
  readonly function: string;
  readonly version: string;
  /** Ended invocations, of every hook and of events. */
  readonly invocations: number;
  /** Of them those that failed, and those of `fetch` and events that answered with 500 or more or with an error of the handler. */
  readonly errors: number;
  /** Of them those that found every queue full. */
  readonly rejected: number;
  /** Until the answer's head. */
  readonly durations: DurationTally;
}

/** How a version stands at the moment. */
export interface VersionGauge {
  readonly function: string;
  readonly version: string;
  readonly instances: number;
  /** Invocations that run. */
  readonly active: number;
  /** Invocations that wait for an instance. */
  readonly queued: number;
  /** Absent: none are reserved. */
  readonly reserved?: ReservedGauge;
}

/** Reserved instances. */
export interface ReservedGauge {
  /** As reservations say. */
  readonly wanted: number;
  /** Fewer while some are being started, and where memory for reservations is short. */
  readonly running: number;
}

/** One front's report. */
export interface FrontStatistics {
  readonly front: number;
  readonly tallies: readonly VersionTally[];
  /** Those with instances or invocations; null: this report says nothing about them. */
  readonly gauges: readonly VersionGauge[] | null;
}

/** `POST /v1/nodes/statistics`. */
export interface NodeStatistics {
  readonly node: string;
  readonly fronts: readonly FrontStatistics[];
}

/** One line of `GET /v1/statistics?seconds=&function=`, busiest first. */
export interface FunctionStatistics extends VersionGauge {
  readonly reserved: ReservedGauge;
  /** In the time asked for, as the nodes' reports came in. */
  readonly invocations: number;
  readonly errors: number;
  readonly rejected: number;
  readonly perSecond: number;
  /** Milliseconds; null: nothing was invoked. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** That reported any of it. */
  readonly nodes: number;
}

export interface StatisticsPage {
  readonly seconds: number;
  readonly functions: readonly FunctionStatistics[];
}
