import { describe, expect, it } from "vitest";
import { judgeStep, lowerBound, noCounts } from "../../../control-plane/staged/judge-step.ts";
import type { SideCounts } from "../../../control-plane/staged/staged-rollout-row.ts";
import { durationBucket } from "../../../sdk/duration-buckets.ts";

const errorRate = [{ kind: "error-rate", points: 1 }] as const;

function counts(invocations: number, errors: number): SideCounts {
  return { ...noCounts, invocations, errors };
}

/** So many fast ones, and so many slow ones. */
function times(fast: number, slow: number, slowMs = 100): SideCounts {
  const durations = [
    [durationBucket(10), fast],
    [durationBucket(slowMs), slow],
  ] as const;
  return { invocations: fast + slow, errors: 0, durations };
}

describe("the error rate", () => {
  it.each<[string, SideCounts, SideCounts, boolean]>([
    ["a version that fails at once, after three", counts(1_000, 0), counts(3, 3), true],
    ["two errors say nothing yet", counts(1_000, 0), counts(2, 2), false],
    ["one unlucky request of a hundred", counts(1_000, 0), counts(100, 1), false],
    ["three of a hundred may be chance", counts(1_000, 0), counts(100, 3), false],
    ["ten of a hundred", counts(1_000, 0), counts(100, 10), true],
    ["three percent of ten thousand", counts(1_000, 0), counts(10_000, 300), true],
    ["one percent of ten thousand is the margin", counts(1_000, 0), counts(10_000, 100), false],
    ["as many as the old version", counts(1_000, 100), counts(1_000, 100), false],
    ["fewer than the old version", counts(1_000, 500), counts(1_000, 100), false],
    ["more than the old version", counts(1_000, 100), counts(1_000, 200), true],
    ["nothing at all", noCounts, noCounts, false],
    ["an old version that was not asked", noCounts, counts(50, 25), true],
  ])("%s", (_case, old, fresh, isWorse) => {
    expect(judgeStep(errorRate, { old, fresh }) !== null).toBe(isWorse);
  });

  it("is told with both rates", () => {
    const told = judgeStep(errorRate, { old: counts(1_000, 10), fresh: counts(100, 50) });
    expect(told).toBe("error-rate>1%: 50.0 % of 100 failed, of the old version 1.00 %");
  });
});

describe("the 99th percentile", () => {
  const percent = [{ kind: "p99-percent", percent: 50 }] as const;
  const ms = [{ kind: "p99-ms", ms: 20 }] as const;

  it.each<[string, SideCounts, SideCounts, boolean]>([
    ["the same", times(1_000, 0), times(1_000, 0), false],
    ["ten percent are ten times slower", times(1_000, 0), times(900, 100), true],
    ["one of a hundred is slower", times(1_000, 0), times(99, 1), false],
    ["the old version was as slow", times(900, 100), times(900, 100), false],
    ["an old version with too few to have one", times(50, 0), times(0, 100), false],
    ["faster", times(0, 1_000), times(1_000, 0), false],
  ])("%s", (_case, old, fresh, isWorse) => {
    expect(judgeStep(percent, { old, fresh }) !== null).toBe(isWorse);
    expect(judgeStep(ms, { old, fresh }) !== null).toBe(isWorse);
  });

  it("a margin in milliseconds is above the old version's", () => {
    const old = times(1_000, 0);
    expect(judgeStep([{ kind: "p99-ms", ms: 200 }], { old, fresh: times(500, 500) })).toBeNull();
    expect(judgeStep([{ kind: "p99-ms", ms: 50 }], { old, fresh: times(500, 500) })).toContain("p99>50ms: the 99th");
  });
});

it("lowerBound() stays within 0 and the rate, and comes closer with more", () => {
  expect(lowerBound(0, 0)).toBe(0);
  const bounds = [10, 100, 1_000, 100_000].map((all) => lowerBound(all / 10, all));
  expect(bounds.toSorted((left, right) => left - right)).toEqual(bounds);
  expect(bounds.every((bound) => bound > 0 && bound < 0.1)).toBe(true);
});
