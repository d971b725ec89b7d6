/**
 * Reserved instances: how many of a version each node keeps started whether or not anybody asks for it, and how many those are at a moment.
 *
 * `GET /v1/functions/NAME/reserved` → {reservations}; `GET`, `PUT {ReservedInput}`, `DELETE /v1/functions/NAME/reserved/QUALIFIER`. Pure. Invariant:
 * what holds at a moment follows from the configuration and that moment alone, so that a clock that jumps leaves nothing behind.
 */
import { lastFiring, parseCron } from "./cron.ts";

/** An entry that changes the fixed number for some time. */
export interface ReservedSchedule {
  /** Unique in the configuration. */
  readonly name: string;
  /** Six fields, UTC; from each time it fires `count` holds, until another entry fires or this one expires. */
  readonly cron: string;
  readonly count: number;
  /** The entry holds from `start` (included) to `expiry` (excluded); ISO 8601, UTC. */
  readonly start: string;
  readonly expiry: string;
}

/** Adjusted each minute, so that of what the instances can serve at once `targetPercent` is used. */
export interface ReservedMetric {
  readonly name: string;
  readonly targetPercent: number;
  readonly min: number;
  readonly max: number;
}

export const recommendedModes = ["performance", "balanced", "cost"] as const;
export type RecommendedMode = (typeof recommendedModes)[number];

/** Adjusted each minute, by what the last hour lets expect. */
export interface ReservedRecommended {
  readonly mode: RecommendedMode;
  readonly min: number;
  readonly max: number;
}

/** What nodes are told. The larger of the fixed number (or the entry's that holds), the metric's and the recommended one is kept, on each node. */
export interface ReservedPolicy {
  readonly count: number;
  /** None may name the same moment twice: of entries that fired together the larger count holds. */
  readonly schedules: readonly ReservedSchedule[];
  readonly metric: ReservedMetric | null;
  readonly recommended: ReservedRecommended | null;
}

export interface ReservedConfig extends ReservedPolicy {
  /**
   * Clients of FunctionGraph say whether instances that wait may cost less. Here one that waits takes no CPU time in either case: nothing runs in it
   * between requests. It is kept and shown.
   */
  readonly idleMode: boolean;
}

/** What a configuration is set with: everything may be left out but what makes it say something. */
export type ReservedInput = Partial<ReservedConfig>;

export interface ReservedResource extends ReservedConfig {
  readonly function: string;
  /** A version, an alias, or `latest`. */
  readonly qualifier: string;
  /** The version that it holds for now; null: nothing is published. */
  readonly version: string | null;
  /** What holds now without metric and prediction, and the entry that says so; null: the fixed number. */
  readonly countNow: number;
  readonly schedule: string | null;
  /** Over all nodes, as they said last: how many should run, and how many of these do. */
  readonly wanted: number;
  readonly running: number;
  readonly updatedAt: string;
}

/** The fixed number, or that of the entry that fired last of those that hold. */
export function scheduledCount(
  { count, schedules }: Pick<ReservedPolicy, "count" | "schedules">,
  nowMs: number,
): { readonly count: number; readonly schedule: string | null } {
  let newest: { readonly firedMs: number; readonly entry: ReservedSchedule } | null = null;
  for (const entry of schedules) {
    const firedMs = firedMsOf(entry, nowMs);
    if (firedMs === null) continue;
    const isNewer = newest === null || firedMs > newest.firedMs;
    const isLarger = newest !== null && firedMs === newest.firedMs && entry.count > newest.entry.count;
    if (isNewer || isLarger) newest = { firedMs, entry };
  }
  if (newest === null) return { count, schedule: null };
  return { count: newest.entry.count, schedule: newest.entry.name };
}

/** What is kept at `nowMs` however little is asked for. */
export function guaranteedCount(policy: ReservedPolicy, nowMs: number): number {
  const { metric, recommended } = policy;
  return Math.max(scheduledCount(policy, nowMs).count, metric?.min ?? 0, recommended?.min ?? 0);
}

/** The most that is ever kept however little is asked for: what quotas count. */
export function guaranteedMax({ count, schedules, metric, recommended }: ReservedPolicy): number {
  return Math.max(count, metric?.min ?? 0, recommended?.min ?? 0, ...schedules.map((entry) => entry.count));
}

/** The most that is ever kept. */
export function reservedMax(policy: ReservedPolicy): number {
  return Math.max(guaranteedMax(policy), policy.metric?.max ?? 0, policy.recommended?.max ?? 0);
}

/** When an entry that holds at `nowMs` fired last; null: it does not hold. */
function firedMsOf({ cron, start, expiry }: ReservedSchedule, nowMs: number): number | null {
  const startMs = Date.parse(start);
  if (!(nowMs >= startMs && nowMs < Date.parse(expiry))) return null;
  const parsed = parseCron(cron);
  return parsed.ok ? lastFiring(parsed.cron, nowMs, startMs) : null;
}
