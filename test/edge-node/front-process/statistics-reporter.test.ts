import { expect, it } from "vitest";
import { StatisticsReporter } from "../../../edge-node/front-process/statistics-reporter.ts";
import type { VersionStats } from "../../../runtime/driver.ts";
import type { FrontStatistics, VersionTally } from "../../../sdk/statistics.ts";
import type { ReservedPlan } from "../../../edge-node/reserved/plan-reserved.ts";
import type { ReservedKeeper } from "../../../edge-node/reserved/reserved-keeper.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

const tally: VersionTally = { function: "hello", version: "v1", invocations: 1, errors: 0, rejected: 0, durations: [] };
const stats: VersionStats = {
  key: "hello@v1#abc",
  instances: 2,
  active: 1,
  queued: 0,
  invocations: 9,
  failures: 0,
  rejected: 0,
  reserved: 0,
  coldStarts: 2,
  cpuMs: 5,
  heartbeatMisses: 0,
  retired: 0,
};

function setUp() {
  const clock = new FakeClock();
  const sent: Omit<FrontStatistics, "front">[] = [];
  const tallies: VersionTally[] = [];
  const noted: Parameters<ReservedKeeper["note"]>[0][] = [];
  const plans = new Map<string, ReservedPlan>();
  let standing: readonly VersionStats[] = [];
  const logger = new RecordingLogger();
  const reporter = new StatisticsReporter({
    takeTallies: () => tallies.splice(0),
    stats: () => Promise.resolve(standing),
    reserved: { note: (report) => noted.push(report), plans },
    send: (report) => {
      sent.push(report);
      return Promise.resolve();
    },
    clock,
    logger,
  });
  reporter.start();
  return {
    clock,
    sent,
    tallies,
    reporter,
    noted,
    plans,
    stand: (rows: readonly VersionStats[]) => {
      standing = rows;
    },
  };
}

it("sends what was counted once a second, and nothing when nothing was", async () => {
  const { clock, sent, tallies } = setUp();
  await clock.advance(2_000);
  expect(sent).toEqual([]);
  tallies.push(tally);
  await clock.advance(1_000);
  expect(sent).toEqual([{ tallies: [tally], gauges: null }]);
  await clock.advance(3_000);
  expect(sent).toHaveLength(1);
});

it("says every few seconds how instances stand, without those that have none, and once that there are none any more", async () => {
  const { clock, sent, stand } = setUp();
  stand([stats, { ...stats, key: "idle@v1#1", instances: 0, active: 0 }]);
  await clock.advance(1_000);
  expect(sent).toEqual([
    { tallies: [], gauges: [{ function: "hello", version: "v1", instances: 2, active: 1, queued: 0 }] },
  ]);
  await clock.advance(4_000);
  expect(sent).toHaveLength(1);
  stand([]);
  await clock.advance(1_000);
  expect(sent.at(-1)).toEqual({ tallies: [], gauges: [] });
  await clock.advance(10_000);
  expect(sent).toHaveLength(2);
});

it("sends what was counted last when it is closed, and then no more", async () => {
  const { clock, sent, tallies, reporter } = setUp();
  await clock.advance(1_000);
  tallies.push(tally);
  await reporter.close();
  expect(sent).toEqual([{ tallies: [tally], gauges: null }]);
  tallies.push(tally);
  await clock.advance(5_000);
  expect(sent).toHaveLength(1);
});

it("says of versions with reservations how many instances are wanted and how many of these run, also of those that have none", async () => {
  const { clock, noted, plans, sent, stand } = setUp();
  plans.set("hello@v1#abc", { wanted: 4, kept: 3 });
  plans.set("quiet@v1#1", { wanted: 2, kept: 0 });
  plans.set("zero@v1#1", { wanted: 0, kept: 0 });
  // Two hosts know the version: what is wanted of it is said once.
  stand([
    { ...stats, reserved: 2 },
    { ...stats, reserved: 1, active: 0 },
  ]);
  await clock.advance(1_000);
  const hello = { function: "hello", version: "v1", instances: 2, queued: 0 };
  const gauges = [
    { ...hello, active: 1, reserved: { wanted: 4, running: 2 } },
    { ...hello, active: 0, reserved: { wanted: 0, running: 1 } },
    { function: "quiet", version: "v1", instances: 0, active: 0, queued: 0, reserved: { wanted: 2, running: 0 } },
  ];
  expect(sent).toEqual([{ tallies: [], gauges }]);
  await clock.advance(1_000);
  expect(noted).toEqual([
    { tallies: [], gauges },
    { tallies: [], gauges: null },
  ]);
});
