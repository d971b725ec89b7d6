/**
 * Whether the new version is worse than the old one, from what both did. Pure.
 *
 * A rate counts as worse when its lower confidence bound (Wilson's score interval, 99 %) is: so one unlucky request ends no rollout, and a version
 * that fails at once ends its own after three.
 */
import { writtenAbortCondition, type AbortCondition } from "../../sdk/abort-condition.ts";
import { tallyAbove, tallyCount, tallyQuantile } from "../../sdk/duration-buckets.ts";
import type { SideCounts } from "./staged-rollout-row.ts";

export const noCounts: SideCounts = { invocations: 0, errors: 0, durations: [] };

/** Fewer bad requests than this say nothing. */
const badMin = 3;
/** A 99th percentile of fewer is none. */
const p99InvocationsMin = 100;
const z = 2.576;

/** The first condition that holds, in words; null: none. */
export function judgeStep(
  conditions: readonly AbortCondition[],
  { old, fresh }: { readonly old: SideCounts; readonly fresh: SideCounts },
): string | null {
  for (const condition of conditions) {
    const found =
      condition.kind === "error-rate"
        ? judgeErrors(condition.points, { old, fresh })
        : judgeP99(condition, { old, fresh });
    if (found !== null) return `${writtenAbortCondition(condition)}: ${found}`;
  }
  return null;
}

interface Sides {
  readonly old: SideCounts;
  readonly fresh: SideCounts;
}

function judgeErrors(points: number, { old, fresh }: Sides): string | null {
  const allowed = rate(old.errors, old.invocations) + points / 100;
  if (fresh.errors < badMin || lowerBound(fresh.errors, fresh.invocations) <= allowed) return null;
  return `${percent(rate(fresh.errors, fresh.invocations))} of ${fresh.invocations} failed, of the old version ${percent(rate(old.errors, old.invocations))}`;
}

function judgeP99(condition: Exclude<AbortCondition, { kind: "error-rate" }>, { old, fresh }: Sides): string | null {
  const before = tallyQuantile(old.durations, 0.99);
  if (before === null || tallyCount(old.durations) < p99InvocationsMin) return null;
  const limitMs = condition.kind === "p99-ms" ? before + condition.ms : before * (1 + condition.percent / 100);
  const slow = tallyAbove(fresh.durations, limitMs);
  if (slow < badMin || lowerBound(slow, tallyCount(fresh.durations)) <= 0.01) return null;
  const now = tallyQuantile(fresh.durations, 0.99) ?? 0;
  return `the 99th percentile is ${now.toPrecision(3)} ms, of the old version ${before.toPrecision(3)} ms`;
}

function rate(part: number, all: number): number {
  return all === 0 ? 0 : part / all;
}

/** Of the rate that `part` of `all` show. */
export function lowerBound(part: number, all: number): number {
  if (all === 0) return 0;
  const p = part / all;
  const square = z * z;
  const spread = z * Math.sqrt((p * (1 - p)) / all + square / (4 * all * all));
  return Math.max(0, (p + square / (2 * all) - spread) / (1 + square / all));
}

function percent(part: number): string {
  return `${(part * 100).toPrecision(3)} %`;
}
