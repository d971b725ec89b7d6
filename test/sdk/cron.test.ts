import { describe, expect, it } from "vitest";
import { cronCharsMax, lastFiring, nextFiring, parseCron, type Cron } from "../../sdk/cron.ts";

function cron(text: string): Cron {
  const parsed = parseCron(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}
const ms = (iso: string): number => Date.parse(iso);
const iso = (at: number | null): string | null =>
  at === null ? null : new Date(at).toISOString().replace(".000Z", "Z");

describe("parseCron()", () => {
  it.each([
    "* * * * * *",
    "0 0 0 1 1 ?",
    "59 59 23 31 12 ?",
    "0 30 8 ? * MON-FRI",
    "0 30 8 ? * mon,wed,FRI",
    "*/5 0-30/10 8,12,16 * JAN-mar 0-6",
    "0 5/15 * * * ?",
    "  0   0 0 29 2 ?  ",
    "0 0 0 30 2 MON",
  ])("takes %j", (text) => {
    expect(parseCron(text).ok).toBe(true);
  });

  it.each([
    ["", "six fields"],
    ["0 0 0 1 1", "six fields"],
    ["0 0 0 1 1 ? 2026", "six fields"],
    ["60 0 0 1 1 ?", "second"],
    ["-1 0 0 1 1 ?", "second"],
    ["0 60 0 1 1 ?", "minute"],
    ["0 0 24 1 1 ?", "hour"],
    ["0 0 0 0 1 ?", "day of month"],
    ["0 0 0 32 1 ?", "day of month"],
    ["0 0 0 1 0 ?", "month"],
    ["0 0 0 1 13 ?", "month"],
    ["0 0 0 1 FOO ?", "month"],
    ["0 0 0 ? 1 7", "day of week"],
    ["0 0 0 ? 1 SUNDAY", "day of week"],
    ["? 0 0 1 1 ?", "second"],
    ["0 0 0 1 ? ?", "month"],
    ["0 0 0 ?,1 1 ?", "day of month"],
    ["0 30-10 0 1 1 ?", "minute"],
    ["0 */0 0 1 1 ?", "minute"],
    ["0 */60 0 1 1 ?", "minute"],
    ["0 1.5 0 1 1 ?", "minute"],
    ["0 1, 0 1 1 ?", "minute"],
    ["0 *-5 0 1 1 ?", "minute"],
    ["0 1-2-3 0 1 1 ?", "minute"],
    ["0 JAN 0 1 1 ?", "minute"],
    ["0 0 0 30 2 ?", "a day that some year has"],
    ["0 0 0 31 4,6,9,11 ?", "a day that some year has"],
    [`0 0 0 ${"1,".repeat(cronCharsMax)}1 1 ?`, "six fields"],
  ])("refuses %j", (text, message) => {
    const parsed = parseCron(text);
    expect(parsed.ok ? "" : parsed.message).toContain(message);
  });

  it("takes an expression of the largest length and none beyond", () => {
    const ofLength = (chars: number): string => "* * * * * *".padEnd(chars);
    expect([parseCron(ofLength(cronCharsMax)).ok, parseCron(ofLength(cronCharsMax + 1)).ok]).toEqual([true, false]);
  });
});

describe("nextFiring() and lastFiring()", () => {
  it.each([
    // expression, moment, last at or before it, next after it
    ["0 0 8 * * ?", "2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z"],
    ["0 0 8 * * ?", "2026-12-01T07:59:59Z", "2026-11-30T08:00:00Z", "2026-12-01T08:00:00Z"],
    ["* * * * * ?", "2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"],
    ["*/10 * * * * ?", "2026-12-01T00:00:55Z", "2026-12-01T00:00:50Z", "2026-12-01T00:01:00Z"],
    ["0 0 0 31 * ?", "2026-12-01T00:00:00Z", "2026-10-31T00:00:00Z", "2026-12-31T00:00:00Z"],
    ["0 0 0 29 2 ?", "2026-12-01T00:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"],
    // 2100 is no leap year.
    ["0 0 0 29 2 ?", "2100-06-01T00:00:00Z", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"],
    // 1 December 2026 is a Tuesday.
    ["0 30 9 ? * MON-FRI", "2026-12-05T00:00:00Z", "2026-12-04T09:30:00Z", "2026-12-07T09:30:00Z"],
    ["0 0 0 ? * SUN", "2026-12-01T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"],
    // Both days are said: one of them is enough.
    ["0 0 0 13 * FRI", "2026-12-12T00:00:00Z", "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z"],
    ["15 59 23 * * ?", "2026-12-01T23:59:14Z", "2026-11-30T23:59:15Z", "2026-12-01T23:59:15Z"],
    ["0 45 10,22 * * ?", "2026-12-01T10:44:59Z", "2026-11-30T22:45:00Z", "2026-12-01T10:45:00Z"],
    ["30 0 0 1 1 ?", "2027-01-01T00:00:29Z", "2026-01-01T00:00:30Z", "2027-01-01T00:00:30Z"],
  ])("%s at %s", (text, at, last, next) => {
    expect([iso(lastFiring(cron(text), ms(at))), iso(nextFiring(cron(text), ms(at)))]).toEqual([last, next]);
  });

  it("fire within seconds, not within their parts", () => {
    const at = ms("2026-12-01T08:00:00Z");
    expect(lastFiring(cron("0 0 8 * * ?"), at + 999)).toBe(at);
    expect(nextFiring(cron("0 0 8 * * ?"), at - 1)).toBe(at);
  });

  it("hold their bounds, ends included", () => {
    const daily = cron("0 0 8 * * ?");
    const at = ms("2026-12-01T08:00:00Z");
    expect([lastFiring(daily, at + 5_000, at), lastFiring(daily, at + 5_000, at + 1)]).toEqual([at, null]);
    expect([nextFiring(daily, at - 5_000, at), nextFiring(daily, at - 5_000, at - 1)]).toEqual([at, null]);
    expect(lastFiring(cron("0 0 0 29 2 ?"), at, ms("2024-03-01T00:00:00Z"))).toBeNull();
  });

  it("agree with each other and with a look at every second of a day", () => {
    for (const text of ["7 */7 3,4 * * ?", "0 0-59/20 0-23/11 * * ?", "1,59 0,59 0,23 * * ?"]) {
      const expression = cron(text);
      const from = ms("2026-12-01T00:00:00Z");
      let previous = lastFiring(expression, from - 1) ?? 0;
      for (let at = from; at < from + 86_400_000; at += 1_000) {
        const last = lastFiring(expression, at) ?? 0;
        if (last === previous) continue;
        expect(last).toBe(at);
        expect(nextFiring(expression, previous)).toBe(at);
        previous = last;
      }
      expect(previous).toBeGreaterThan(from);
    }
  });
});
