import { expect, it } from "vitest";
import { UsageHistory } from "../../../edge-node/reserved/usage-history.ts";
import { durationBucket, durationBucketEnd } from "../../../sdk/duration-buckets.ts";
import { reservedLimits } from "../../../sdk/reserved-limits.ts";
import type { VersionGauge, VersionTally } from "../../../sdk/statistics.ts";

const minute = 60_000;
const name = { function: "hello", version: "v1" };
const tally = (count: number, durationMs: number): VersionTally => ({
  ...name,
  invocations: count,
  errors: 0,
  rejected: 0,
  durations: [[durationBucket(durationMs), count]],
});
const gauge = (active: number): VersionGauge => ({ ...name, instances: 1, active, queued: 0 });

function setUp(nowMs = 0): UsageHistory {
  const history = new UsageHistory();
  history.keepOnly(new Set(["hello@v1"]), nowMs);
  return history;
}

it("counts short invocations by their number and duration", () => {
  const history = setUp();
  history.note({ tallies: [tally(600, 100), tally(600, 100)], gauges: [] }, minute + 5_000);
  const [use] = history.of("hello@v1", 2 * minute);
  expect(use).toEqual({ ageMinutes: 1, concurrency: (1_200 * durationBucketEnd(durationBucket(100))) / minute });
});

it("counts long invocations by looking at what runs, over all rows of a version", () => {
  const history = setUp();
  for (const active of [4, 2]) history.note({ tallies: [], gauges: [gauge(active), gauge(1)] }, minute);
  history.note({ tallies: [], gauges: null }, minute);
  expect(history.of("hello@v1", 2 * minute)).toEqual([{ ageMinutes: 1, concurrency: 4 }]);
});

it("says 0 of a minute in which nothing came, and nothing of minutes it did not see as a whole", () => {
  const history = setUp(minute / 2);
  history.note({ tallies: [tally(1, 5)], gauges: null }, minute / 2);
  expect(history.of("hello@v1", minute)).toEqual([]);
  expect(history.of("hello@v1", 3 * minute)).toEqual([
    { ageMinutes: 1, concurrency: 0 },
    { ageMinutes: 2, concurrency: 0 },
  ]);
});

it("looks back so many minutes and no more", () => {
  const { predictionMinutes } = reservedLimits;
  const history = setUp();
  for (let at = 1; at <= 3 * predictionMinutes; at++) history.note({ tallies: [], gauges: [gauge(at)] }, at * minute);
  const uses = history.of("hello@v1", (3 * predictionMinutes + 1) * minute);
  expect(uses).toHaveLength(predictionMinutes);
  expect([uses[0]?.concurrency, uses.at(-1)?.concurrency]).toEqual([3 * predictionMinutes, 2 * predictionMinutes + 1]);
});

it("keeps nothing of versions that are not of interest", () => {
  const history = setUp();
  history.note({ tallies: [{ ...tally(1, 5), function: "other" }], gauges: null }, minute);
  expect(history.of("other@v1", 3 * minute)).toEqual([]);
  history.note({ tallies: [], gauges: [gauge(3)] }, minute);
  history.keepOnly(new Set(), 2 * minute);
  history.keepOnly(new Set(["hello@v1"]), 2 * minute);
  expect(history.of("hello@v1", 3 * minute)).toEqual([]);
});
