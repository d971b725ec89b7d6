import { describe, expect, it } from "vitest";
import {
  addTallies,
  durationBucket,
  durationBucketCount,
  durationBucketEnd,
  tallyAbove,
  tallyCount,
  tallyQuantile,
  type DurationTally,
} from "../../sdk/duration-buckets.ts";

function tallyOf(durations: readonly number[]): DurationTally {
  return durations.reduce<DurationTally>((sum, ms) => addTallies(sum, [[durationBucket(ms), 1]]), []);
}

describe("duration buckets", () => {
  it("hold what ends in them: every duration is at most its bucket's end and above that of the one before", () => {
    for (let ms = 0.07; ms < 800_000; ms *= 1.013) {
      const bucket = durationBucket(ms);
      expect(ms).toBeLessThanOrEqual(durationBucketEnd(bucket) * 1.000001);
      expect(ms).toBeGreaterThan(durationBucketEnd(bucket - 1) * 0.999999);
    }
  });

  it.each([
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [1 / 16, 0],
    [Infinity, durationBucketCount - 1],
    [1e9, durationBucketCount - 1],
  ])("%d ms are in bucket %d", (ms, bucket) => {
    expect(durationBucket(ms)).toBe(bucket);
  });
});

describe("tallies", () => {
  it("give quantiles within a bucket's width", () => {
    const tally = tallyOf(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect(tallyCount(tally)).toBe(1_000);
    for (const part of [0.5, 0.9, 0.99]) {
      const quantile = tallyQuantile(tally, part) ?? 0;
      expect(quantile / (part * 1_000)).toBeGreaterThanOrEqual(1);
      expect(quantile / (part * 1_000)).toBeLessThan(1.1);
    }
  });

  it("of nothing have none, of one value have it everywhere", () => {
    expect(tallyQuantile([], 0.5)).toBeNull();
    expect(tallyQuantile(tallyOf([5]), 0)).toBe(tallyQuantile(tallyOf([5]), 1));
  });

  it("count what is above a limit, its own bucket not", () => {
    const tally = tallyOf([1, 10, 100, 100, 1_000]);
    expect([0, 10, 100, 1_000].map((limit) => tallyAbove(tally, limit))).toEqual([5, 3, 1, 0]);
  });
});
