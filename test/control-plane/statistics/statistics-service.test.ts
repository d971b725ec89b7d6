import { expect, it } from "vitest";
import { StatisticsService } from "../../../control-plane/statistics/statistics-service.ts";
import { durationBucket } from "../../../sdk/duration-buckets.ts";
import { statisticsLimits } from "../../../sdk/limits.ts";
import type { VersionGauge, VersionTally } from "../../../sdk/statistics.ts";
import { FakeClock } from "../fake-clock.ts";

function tally(change: Partial<VersionTally> = {}): VersionTally {
  return {
    function: "hello",
    version: "v1",
    invocations: 10,
    errors: 1,
    rejected: 0,
    durations: [[durationBucket(5), 10]],
    ...change,
  };
}

function report(statistics: StatisticsService, node: string, ...tallies: readonly VersionTally[]): void {
  statistics.add({ node, fronts: [{ front: 0, tallies, gauges: null }] });
}

it("adds up nodes and fronts, and shows the busiest first", () => {
  const statistics = new StatisticsService({ clock: new FakeClock() });
  report(
    statistics,
    "one",
    tally(),
    tally({ version: "v2", invocations: 100, durations: [[durationBucket(50), 100]] }),
  );
  report(statistics, "two", tally({ errors: 3 }));
  report(statistics, "two", tally({ errors: 0, rejected: 2 }));
  const { functions, seconds } = statistics.page({ seconds: 10 });
  expect(seconds).toBe(10);
  expect(
    functions.map(({ version, invocations, errors, rejected, perSecond, nodes }) => [
      version,
      invocations,
      errors,
      rejected,
      perSecond,
      nodes,
    ]),
  ).toEqual([
    ["v2", 100, 1, 0, 10, 1],
    ["v1", 30, 4, 2, 3, 2],
  ]);
  expect(functions[1]?.p99Ms).toBeGreaterThanOrEqual(5);
  expect(functions[1]?.p99Ms).toBeLessThan(5.5);
});

it("forgets by seconds, and shows one function alone", () => {
  const clock = new FakeClock();
  const statistics = new StatisticsService({ clock });
  report(statistics, "one", tally());
  clock.advance(5_000);
  report(statistics, "one", tally({ function: "other" }));
  const names = (seconds: number, functionName?: string): string[] =>
    statistics
      .page({ seconds, ...(functionName === undefined ? {} : { functionName }) })
      .functions.map((row) => row.function);
  expect(names(10)).toEqual(["hello", "other"]);
  expect(names(5)).toEqual(["other"]);
  expect(names(10, "hello")).toEqual(["hello"]);
  clock.advance(statisticsLimits.windowSeconds * 1_000);
  expect(names(statisticsLimits.windowSeconds)).toEqual([]);
});

it("shows instances as each front said last, until it has said nothing for too long", () => {
  const clock = new FakeClock();
  const statistics = new StatisticsService({ clock });
  const gauge = { function: "hello", version: "v1", instances: 2, active: 1, queued: 0 };
  const stand = (front: number, instances: number): void =>
    statistics.add({
      node: "one",
      fronts: [{ front, tallies: [], gauges: instances === 0 ? [] : [{ ...gauge, instances }] }],
    });
  stand(0, 2);
  stand(1, 3);
  stand(1, 4);
  const shown = (): readonly number[] => statistics.page({ seconds: 1 }).functions.map(({ instances }) => instances);
  expect(shown()).toEqual([6]);
  stand(1, 0);
  expect(shown()).toEqual([2]);
  clock.advance(statisticsLimits.gaugeMs + 1);
  expect(shown()).toEqual([]);
});

it("tells listeners what came in", () => {
  const statistics = new StatisticsService({ clock: new FakeClock() });
  const heard: VersionTally[] = [];
  statistics.onTallies((tallies) => heard.push(...tallies));
  report(statistics, "one", tally());
  expect(heard).toEqual([tally()]);
});

it("adds up what is wanted of reservations and what runs of it, over fronts and nodes", () => {
  const statistics = new StatisticsService({ clock: new FakeClock() });
  const gauge = { function: "hello", version: "v1", instances: 3, active: 0, queued: 0 };
  const stand = (node: string, gauges: readonly VersionGauge[]): void =>
    statistics.add({ node, fronts: [{ front: 0, tallies: [], gauges }] });
  stand("one", [{ ...gauge, reserved: { wanted: 4, running: 2 } }, gauge]);
  stand("two", [
    { ...gauge, reserved: { wanted: 4, running: 4 } },
    { ...gauge, version: "v2" },
  ]);
  const { functions } = statistics.page({ seconds: 1 });
  expect(functions.map(({ version, reserved }) => [version, reserved])).toEqual([
    ["v1", { wanted: 8, running: 6 }],
    ["v2", { wanted: 0, running: 0 }],
  ]);
});
