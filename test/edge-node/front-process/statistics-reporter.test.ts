import { expect, it } from "vitest";
import { StatisticsReporter } from "../../../edge-node/front-process/statistics-reporter.ts";
import type { VersionStats } from "../../../runtime/driver.ts";
import type { FrontStatistics, VersionTally } from "../../../sdk/statistics.ts";
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
  coldStarts: 2,
  cpuMs: 5,
  heartbeatMisses: 0,
  retired: 0,
};

function setUp() {
  const clock = new FakeClock();
  const sent: Omit<FrontStatistics, "front">[] = [];
  const tallies: VersionTally[] = [];
  let standing: readonly VersionStats[] = [];
  const logger = new RecordingLogger();
  const reporter = new StatisticsReporter({
    takeTallies: () => tallies.splice(0),
    stats: () => Promise.resolve(standing),
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
