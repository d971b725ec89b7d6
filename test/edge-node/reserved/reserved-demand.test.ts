import { describe, expect, it } from "vitest";
import {
  adaptiveDemand,
  decayingQuantile,
  metricDemand,
  predictedDemand,
} from "../../../edge-node/reserved/reserved-demand.ts";
import type { MinuteUse } from "../../../edge-node/reserved/usage-history.ts";
import { recommendedModes } from "../../../sdk/reserved.ts";

/** Newest first. */
const uses = (...concurrencies: readonly number[]): readonly MinuteUse[] =>
  concurrencies.map((concurrency, index) => ({ ageMinutes: index + 1, concurrency }));

describe("metricDemand()", () => {
  it.each([
    // target, concurrency of an instance, used in the last minute, instances
    [50, 1, 0, 0],
    [50, 1, 0.01, 1],
    [50, 1, 0.5, 1],
    [50, 1, 0.51, 2],
    [50, 10, 5, 1],
    [50, 10, 5.1, 2],
    [1, 1, 1, 100],
    [99, 1, 0.99, 1],
    [99, 1, 0.999, 2],
    [60, 100, 600, 10],
    [70, 1, 0.7 * 3, 3],
  ])("at %d %% of instances for %d, %d used asks for %d", (target, concurrency, used, instances) => {
    expect(metricDemand(target, { uses: uses(used, 1_000), concurrency })).toBe(instances);
  });

  it("asks for nothing while nothing is known", () => {
    expect(metricDemand(50, { uses: [], concurrency: 1 })).toBe(0);
  });
});

describe("decayingQuantile()", () => {
  it("is the value itself when all minutes are alike, and 0 without any", () => {
    expect(decayingQuantile(uses(3, 3, 3, 3), 0.9)).toBe(3);
    expect(decayingQuantile([], 0.9)).toBe(0);
  });

  it("weighs a minute half after a quarter of an hour", () => {
    const weights = { young: { ageMinutes: 1, concurrency: 1 }, old: { ageMinutes: 16, concurrency: 9 } };
    // Two thirds of the weight are the young one's.
    expect(decayingQuantile([weights.young, weights.old], 0.66)).toBe(1);
    expect(decayingQuantile([weights.young, weights.old], 0.67)).toBe(9);
  });

  it("forgets a peak bit by bit", () => {
    const quiet = Array.from({ length: 59 }, () => 1);
    expect(decayingQuantile(uses(50, ...quiet), 0.99)).toBe(50);
    expect(decayingQuantile(uses(...quiet, 50), 0.99)).toBe(1);
  });
});

describe("predictedDemand()", () => {
  it("is larger the more performance counts", () => {
    const load = uses(10, 2, 8, 3, 1, 4, 2, 6, 3, 2);
    const [performance = 0, balanced = 0, cost = 0] = recommendedModes.map((mode) =>
      predictedDemand(mode, { uses: load, concurrency: 1 }),
    );
    expect(performance).toBe(Math.ceil(10 / 0.6));
    expect(balanced).toBeLessThan(performance);
    expect(cost).toBeLessThan(balanced);
    expect(cost).toBeGreaterThan(0);
  });

  it("asks for nothing while nothing is known, and where nothing was used", () => {
    for (const mode of recommendedModes) {
      expect(predictedDemand(mode, { uses: [], concurrency: 1 })).toBe(0);
      expect(predictedDemand(mode, { uses: uses(0, 0, 0), concurrency: 1 })).toBe(0);
    }
  });
});

it("adaptiveDemand() is the larger of both, each within its own upper bound", () => {
  const base = { count: 0, schedules: [] };
  const metric = { name: "m", targetPercent: 50, min: 0, max: 5 };
  const recommended = { mode: "performance", min: 0, max: 8 } as const;
  const demand = { uses: uses(100), concurrency: 1 };
  expect(adaptiveDemand({ ...base, metric, recommended: null }, demand)).toBe(5);
  expect(adaptiveDemand({ ...base, metric: null, recommended }, demand)).toBe(8);
  expect(adaptiveDemand({ ...base, metric, recommended }, demand)).toBe(8);
  expect(adaptiveDemand({ ...base, metric: null, recommended: null }, demand)).toBe(0);
});
