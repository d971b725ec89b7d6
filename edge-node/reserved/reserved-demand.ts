/**
 * How many instances the use of a version asks for: by its utilisation in the last minute, or by what the last hour lets expect.
 *
 * The prediction is a percentile of the minutes' concurrency in which a minute counts half as much after a quarter of an hour, as in the recommender of
 * Kubernetes' Vertical Pod Autoscaler (a decaying histogram). It knows no trend and no time of day; schedules are for those. Pure.
 */
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import type { RecommendedMode, ReservedPolicy } from "../../sdk/reserved.ts";
import type { MinuteUse } from "./usage-history.ts";

/** Which percentile is expected, and how full instances may be then. */
export const predictions: Readonly<
  Record<RecommendedMode, { readonly quantile: number; readonly targetPercent: number }>
> = {
  performance: { quantile: 0.99, targetPercent: 60 },
  balanced: { quantile: 0.9, targetPercent: 75 },
  cost: { quantile: 0.5, targetPercent: 90 },
};

export interface Demand {
  /** Newest first. */
  readonly uses: readonly MinuteUse[];
  /** What one instance serves at once. */
  readonly concurrency: number;
}

/** What metric and prediction ask for, without their bounds; 0 where neither is set or nothing is known yet. */
export function adaptiveDemand({ metric, recommended }: ReservedPolicy, demand: Demand): number {
  const byMetric = metric === null ? 0 : Math.min(metric.max, metricDemand(metric.targetPercent, demand));
  const byPrediction = recommended === null ? 0 : Math.min(recommended.max, predictedDemand(recommended.mode, demand));
  return Math.max(byMetric, byPrediction);
}

/** Instances of which the last minute's use would have been at most `targetPercent`. */
export function metricDemand(targetPercent: number, { uses, concurrency }: Demand): number {
  return instancesFor(uses[0]?.concurrency ?? 0, { targetPercent, concurrency });
}

export function predictedDemand(mode: RecommendedMode, { uses, concurrency }: Demand): number {
  const { quantile, targetPercent } = predictions[mode];
  return instancesFor(decayingQuantile(uses, quantile), { targetPercent, concurrency });
}

/** The smallest use that so large a part of the minutes' weight does not exceed; 0 without minutes. */
export function decayingQuantile(uses: readonly MinuteUse[], quantile: number): number {
  const weighted = uses
    .map(({ ageMinutes, concurrency }) => ({ concurrency, weight: weightOf(ageMinutes) }))
    .sort((a, b) => a.concurrency - b.concurrency);
  const wanted = quantile * weighted.reduce((sum, { weight }) => sum + weight, 0);
  let below = 0;
  for (const { concurrency, weight } of weighted) {
    below += weight;
    if (below >= wanted) return concurrency;
  }
  return weighted.at(-1)?.concurrency ?? 0;
}

function weightOf(ageMinutes: number): number {
  return 0.5 ** (ageMinutes / reservedLimits.predictionHalfLifeMinutes);
}

function instancesFor(
  used: number,
  { targetPercent, concurrency }: { readonly targetPercent: number; readonly concurrency: number },
): number {
  // What is left of floating point must not start one more.
  return Math.max(0, Math.ceil((used * 100) / (concurrency * targetPercent) - 1e-9));
}
