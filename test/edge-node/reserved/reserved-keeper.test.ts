import { expect, it } from "vitest";
import { ReservedKeeper } from "../../../edge-node/reserved/reserved-keeper.ts";
import type { ReservedVersion } from "../../../edge-node/reserved/plan-reserved.ts";
import { reservedLimits } from "../../../sdk/reserved-limits.ts";
import type { ReservedPolicy } from "../../../sdk/reserved.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeDriver } from "../support/fake-driver.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

/** The wall clock of the machine may be set; time that passes is another's. */
class SettableClock extends FakeClock {
  #offMs = 0;
  override now(): number {
    return super.now() + this.#offMs;
  }
  set(iso: string): void {
    this.#offMs = Date.parse(iso) - super.now();
  }
}

function setUp(memoryMiB = 4_096) {
  const driver = new FakeDriver();
  const clock = new SettableClock();
  const logger = new RecordingLogger();
  const keeper = new ReservedKeeper({ driver, front: { index: 0, fronts: 1 }, memoryMiB, clock, logger });
  return { driver, clock, logger, keeper };
}

const version = (policy: Partial<ReservedPolicy>, key = "hello@v1#1"): ReservedVersion => ({
  key,
  function: "hello",
  version: "v1",
  limits: { memoryMiB: 128, concurrency: 1, instancesMax: 100 },
  policies: [{ count: 0, schedules: [], metric: null, recommended: null, ...policy }],
});
const { lookMs, retryMs } = reservedLimits;

it("says at once what is to be kept, and again every second", async () => {
  const { driver, clock, keeper } = setUp();
  keeper.set([version({ count: 3 })]);
  expect([...driver.reserved]).toEqual([["hello@v1#1", 3]]);
  driver.reserved.clear();
  await clock.advance(lookMs);
  expect([...driver.reserved]).toEqual([["hello@v1#1", 3]]);
});

it("lets go of what is not reserved any more, and then looks no more", async () => {
  const { driver, clock, keeper } = setUp();
  keeper.set([version({ count: 3 }), version({ count: 1 }, "other@v1#1")]);
  keeper.set([version({ count: 2 })]);
  expect([...driver.reserved]).toEqual([["hello@v1#1", 2]]);
  keeper.set([]);
  expect([...driver.reserved]).toEqual([]);
  expect(clock.waits).toEqual([]);
  keeper.set([version({ count: 1 })]);
  keeper.close();
  await clock.advance(10 * lookMs);
  expect(clock.waits).toEqual([]);
});

it("follows a schedule, also when the clock is set forwards or back", async () => {
  const { driver, clock, keeper } = setUp();
  const start = "2026-12-01T00:00:00.000Z";
  const schedules = [{ name: "day", cron: "0 0 8 * * ?", count: 9, start, expiry: "2026-12-02T00:00:00.000Z" }];
  clock.set("2026-12-01T07:59:50Z");
  keeper.set([version({ count: 1, schedules })]);
  const kept = async (): Promise<number | undefined> => {
    await clock.advance(retryMs);
    return driver.reserved.get("hello@v1#1");
  };
  expect([await kept(), await kept()]).toEqual([1, 9]);
  clock.set("2031-01-01T00:00:00Z");
  expect(await kept()).toBe(1);
  clock.set("2026-12-01T12:00:00Z");
  expect(await kept()).toBe(9);
  clock.set("1990-01-01T00:00:00Z");
  expect(await kept()).toBe(1);
});

it("adjusts to the use of the last minute", async () => {
  const { driver, clock, keeper } = setUp();
  const gauges = [{ function: "hello", version: "v1", instances: 1, active: 6, queued: 0 }];
  keeper.set([version({ metric: { name: "m", targetPercent: 50, min: 2, max: 20 } })]);
  expect(driver.reserved.get("hello@v1#1")).toBe(2);
  for (let second = 0; second < 180; second++) {
    keeper.note({ tallies: [], gauges });
    await clock.advance(1_000);
  }
  expect(driver.reserved.get("hello@v1#1")).toBe(12);
  await clock.advance(180_000);
  expect(driver.reserved.get("hello@v1#1")).toBe(2);
});

it("says once where memory is short, and what it keeps then", async () => {
  const { driver, clock, keeper, logger } = setUp(256);
  keeper.set([version({ count: 5 })]);
  await clock.advance(10 * retryMs);
  expect(driver.reserved.get("hello@v1#1")).toBe(2);
  const short = logger.lines.filter(({ event }) => event === "reserved.short");
  expect(short.map(({ fields }) => fields)).toEqual([
    { memoryMiB: 256, versions: [{ function: "hello", version: "v1", wanted: 5, kept: 2 }] },
  ]);
});
