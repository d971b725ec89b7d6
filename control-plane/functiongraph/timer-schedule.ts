/**
 * Whether a timer's schedule is one: `3m` for a rate, `@every 1h30m` or six fields for cron, with `CRON_TZ=Area/City ` before it where wanted. Pure.
 *
 * Says only what is allowed, not when a timer fires: nothing here fires.
 */
import { parseCron } from "../../sdk/cron.ts";

const rates: Readonly<Record<string, number>> = { m: 60, h: 24, d: 30 };

/** Characters of a schedule. */
export const scheduleCharsMax = 256;

/** Why `text` is no rate, completing "allowed: …", or null. */
export function refuseRate(text: string): string | null {
  const [, number = "", unit = ""] = /^(\d{1,3})([mhd])$/.exec(text) ?? [];
  const max = rates[unit] ?? 0;
  return Number(number) >= 1 && Number(number) <= max ? null : "1m..60m, 1h..24h or 1d..30d";
}

/** Why `text` is no cron expression, completing "allowed: …", or null. */
export function refuseCron(text: string): string | null {
  if (text.length > scheduleCharsMax) return `at most ${scheduleCharsMax} characters`;
  const [, zone, expression = ""] = /^(?:CRON_TZ=(\S+) +)?(.*)$/s.exec(text) ?? [];
  if (zone !== undefined && !isTimeZone(zone)) return "a time zone such as Europe/Berlin after CRON_TZ=";
  if (expression.startsWith("@")) return refuseEvery(expression);
  const parsed = parseCron(expression);
  return parsed.ok ? null : parsed.message;
}

const unitSeconds: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1 };
const everySecondsMax = 2_592_000;

function refuseEvery(expression: string): string | null {
  const [, duration = ""] = /^@every ((?:\d{1,7}[hms])+)$/.exec(expression) ?? [];
  const seconds = [...duration.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count = "0", unit = "s"]) => sum + Number(count) * (unitSeconds[unit] ?? 0),
    0,
  );
  return seconds >= 1 && seconds <= everySecondsMax ? null : "@every and 1s..720h, such as @every 1h30m";
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "" && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
