import { describe, expect, it } from "vitest";
import { parseReservedConfig } from "../../sdk/reserved-parser.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import {
  guaranteedCount,
  guaranteedMax,
  reservedMax,
  scheduledCount,
  type ReservedConfig,
  type ReservedSchedule,
} from "../../sdk/reserved.ts";

const entry = (changes: Partial<ReservedSchedule> = {}): ReservedSchedule => ({
  name: "day",
  cron: "0 0 8 * * ?",
  count: 10,
  start: "2026-12-01T00:00:00.000Z",
  expiry: "2026-12-08T00:00:00.000Z",
  ...changes,
});
const none: ReservedConfig = { count: 2, schedules: [], metric: null, recommended: null, idleMode: false };
const at = (text: string): number => Date.parse(text);
const problemsOf = (input: unknown): readonly string[] => {
  const parsed = parseReservedConfig(input);
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
};

describe("scheduledCount()", () => {
  const day = entry();
  const night = entry({ name: "night", cron: "0 0 20 * * ?", count: 0 });
  const now = (schedules: readonly ReservedSchedule[], time: string) =>
    scheduledCount({ count: 2, schedules }, at(time));

  it("is the fixed number before an entry fired first, and after it expired", () => {
    expect(now([day], "2026-12-01T07:59:59.999Z")).toEqual({ count: 2, schedule: null });
    expect(now([day], "2026-12-01T08:00:00Z")).toEqual({ count: 10, schedule: "day" });
    expect(now([day], "2026-12-07T23:59:59.999Z")).toEqual({ count: 10, schedule: "day" });
    expect(now([day], "2026-12-08T00:00:00Z")).toEqual({ count: 2, schedule: null });
  });

  it("is that of the entry that fired last, which may be less than the fixed number", () => {
    expect(now([day, night], "2026-12-02T19:59:59Z").schedule).toBe("day");
    expect(now([day, night], "2026-12-02T20:00:00Z")).toEqual({ count: 0, schedule: "night" });
    expect(now([day, night], "2026-12-03T08:00:00Z").schedule).toBe("day");
  });

  it("is the larger one of entries that fired together", () => {
    const both = [entry({ name: "small", count: 3 }), day, entry({ name: "smaller", count: 1 })];
    for (const schedules of [both, both.toReversed()])
      expect(now(schedules, "2026-12-02T09:00:00Z").schedule).toBe("day");
  });

  it("knows nothing of times when an entry did not hold yet: what it fired before its start is nothing", () => {
    const late = entry({ start: "2026-12-01T08:00:01.000Z" });
    expect(now([late], "2026-12-02T07:59:59Z").schedule).toBeNull();
    expect(now([entry({ start: "2026-12-01T08:00:00.000Z" })], "2026-12-01T08:00:00Z").schedule).toBe("day");
  });

  it("follows a clock that jumps, in both directions", () => {
    const seen = ["2026-12-02T09:00:00Z", "2030-01-01T00:00:00Z", "2026-12-02T21:00:00Z", "1999-01-01T00:00:00Z"];
    expect(seen.map((time) => now([day, night], time).schedule)).toEqual(["day", null, "night", null]);
  });
});

it("what is guaranteed is the largest of fixed number, entries and lower bounds; what adapts comes on top", () => {
  const metric = { name: "concurrency", targetPercent: 60, min: 4, max: 20 };
  const recommended = { mode: "cost", min: 3, max: 30 } as const;
  const config = { ...none, schedules: [entry()], metric, recommended };
  expect(guaranteedCount(config, at("2026-12-01T00:00:00Z"))).toBe(4);
  expect(guaranteedCount(config, at("2026-12-01T09:00:00Z"))).toBe(10);
  expect([guaranteedMax(config), reservedMax(config)]).toEqual([10, 30]);
  expect([guaranteedMax(none), reservedMax(none)]).toEqual([2, 2]);
});

describe("parseReservedConfig()", () => {
  const { countMax, nameCharsMax, schedulesMax, targetPercent } = reservedLimits;

  it("fills in what is not said, and writes times in one way", () => {
    const schedules = [{ ...entry(), start: "2026-12-01T00:00Z", expiry: "2026-12-08T00:00:00.5Z" }];
    const metric = { targetPercent: 60, max: 5 };
    expect(parseReservedConfig({ schedules, metric, recommended: null })).toEqual({
      ok: true,
      value: {
        count: 0,
        schedules: [{ ...entry(), expiry: "2026-12-08T00:00:00.500Z" }],
        metric: { name: "concurrency", targetPercent: 60, min: 0, max: 5 },
        recommended: null,
        idleMode: false,
      },
    });
  });

  it("holds numbers to their ranges", () => {
    const metric = (changes: object) => ({ metric: { targetPercent: 50, min: 0, max: 1, ...changes } });
    for (const count of [1, countMax]) expect(problemsOf({ count })).toEqual([]);
    for (const count of [-1, countMax + 1, 1.5, "1"]) expect(problemsOf({ count })).toEqual(["count"]);
    for (const percent of [targetPercent.min, targetPercent.max])
      expect(problemsOf(metric({ targetPercent: percent }))).toEqual([]);
    for (const percent of [targetPercent.min - 1, targetPercent.max + 1, 0.5])
      expect(problemsOf(metric({ targetPercent: percent }))).toEqual(["metric.targetPercent"]);
    expect(problemsOf(metric({ max: countMax }))).toEqual([]);
    for (const max of [0, countMax + 1]) expect(problemsOf(metric({ max }))).toEqual(["metric.max"]);
    expect(problemsOf(metric({ min: 2, max: 1 }))).toEqual(["metric.max"]);
    expect(problemsOf({ recommended: { mode: "fast", max: 1 } })).toEqual(["recommended.mode"]);
    expect(problemsOf({ recommended: { mode: "cost", max: 0 } })).toEqual(["recommended.max"]);
  });

  it("holds entries to their number, names, times and expressions", () => {
    const entries = (count: number) => Array.from({ length: count }, (_, index) => entry({ name: `n${index}` }));
    expect(problemsOf({ schedules: entries(schedulesMax) })).toEqual([]);
    expect(problemsOf({ schedules: entries(schedulesMax + 1) })).toEqual(["schedules"]);
    expect(problemsOf({ schedules: [entry({ name: "n".repeat(nameCharsMax) })] })).toEqual([]);
    for (const name of ["n".repeat(nameCharsMax + 1), "", "1n", "a b"])
      expect(problemsOf({ schedules: [entry({ name })] })).toEqual(["schedules[0].name"]);
    expect(problemsOf({ schedules: [entry(), entry()] })).toEqual(["schedules"]);
    expect(problemsOf({ schedules: [entry({ cron: "0 0 8 * *" })] })).toEqual(["schedules[0].cron"]);
    expect(problemsOf({ schedules: [entry({ start: "tomorrow" })] })).toEqual(["schedules[0].start"]);
    expect(problemsOf({ schedules: [entry({ expiry: "2026-12-01T00:00:00Z" })] })).toEqual(["schedules[0].expiry"]);
    expect(problemsOf({ schedules: [{ ...entry(), zone: "UTC" }] })).toEqual(["schedules[0].zone"]);
  });

  it.each([[{}], [{ count: 0 }], [{ count: 0, schedules: [entry({ count: 0 })] }]])(
    "refuses %j, which asks for nothing",
    (input) => {
      expect(problemsOf(input)).toEqual(["count"]);
    },
  );

  it.each([[null], [[]], ["2"], [{ counts: 1 }], [{ count: 1, metric: 5 }], [{ count: 1, schedules: {} }]])(
    "refuses %j",
    (input) => {
      expect(problemsOf(input)).not.toEqual([]);
    },
  );
});
