import { describe, expect, it } from "vitest";
import { refuseCron, refuseRate, scheduleCharsMax } from "../../../control-plane/functiongraph/timer-schedule.ts";

describe("a rate", () => {
  it.each(["1m", "60m", "1h", "24h", "1d", "30d"])("%s is one", (text) => {
    expect(refuseRate(text)).toBeNull();
  });

  it.each(["0m", "61m", "0h", "25h", "0d", "31d", "1s", "m", "1", "", "1.5h", "-1m", "1 m", "1m1h"])(
    "%j is none",
    (text) => {
      expect(refuseRate(text)).toBe("1m..60m, 1h..24h or 1d..30d");
    },
  );
});

describe("a cron expression", () => {
  it.each([
    "0 15 2 * * ?",
    "0/5 * * * * *",
    "59 59 23 31 12 6",
    "0 0 0 1 1 0",
    "0 0 8 ? JAN-MAR MON-FRI",
    "0 0,30 8-18/2 * * sun,sat",
    "CRON_TZ=Asia/Shanghai 0 15 2 * * ?",
    "@every 1h30m",
    "@every 1s",
    "@every 720h",
    "CRON_TZ=Europe/Berlin @every 5m",
  ])("%s is one", (text) => {
    expect(refuseCron(text)).toBeNull();
  });

  it.each([
    ["", "six fields"],
    ["0 15 2 * *", "six fields"],
    ["0 15 2 * * ? 2026", "six fields"],
    ["60 0 0 * * *", "second: 0..59"],
    ["0 60 0 * * *", "minute: 0..59"],
    ["0 0 24 * * *", "hour: 0..23"],
    ["0 0 0 0 * *", "day of month: 1..31"],
    ["0 0 0 32 * *", "day of month: 1..31"],
    ["0 0 0 * 13 *", "month: 1..12 or JAN..DEC"],
    ["0 0 0 * * 7", "day of week: 0..6 or SUN..SAT"],
    ["? 0 0 * * *", "second: 0..59"],
    ["0 0 5-3 * * *", "hour: 0..23"],
    ["0 0/0 0 * * *", "minute: 0..59"],
    ["0 0/60 0 * * *", "minute: 0..59"],
    ["0 0 1-2-3 * * *", "hour: 0..23"],
    ["0 0 1, * * *", "hour: 0..23"],
    ["0 0 0 * FOO *", "month: 1..12"],
    ["CRON_TZ=Nowhere/City 0 0 0 * * *", "a time zone"],
    ["CRON_TZ=+08:00 0 0 0 * * *", "a time zone"],
    ["@every 0s", "@every and 1s..720h"],
    ["@every 721h", "@every and 1s..720h"],
    ["@every 1d", "@every and 1s..720h"],
    ["@daily", "@every and 1s..720h"],
    [`0 0 0 * * ${"1,".repeat(scheduleCharsMax)}1`, "at most 256 characters"],
  ])("%j is none: %s", (text, allowed) => {
    expect(refuseCron(text)).toContain(allowed);
  });

  it("may be as long as allowed", () => {
    const text = "0 0 0 * * 1".padEnd(scheduleCharsMax - 1, ",1").slice(0, scheduleCharsMax - 1);
    const odd = text.endsWith(",") ? text.slice(0, -1) : text;
    expect(refuseCron(odd)).toBeNull();
    expect(refuseCron(odd.padEnd(scheduleCharsMax + 1, "1"))).toBe("at most 256 characters");
  });
});
