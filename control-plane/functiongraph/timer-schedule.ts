/**
 * Whether a timer's schedule is one: `3m` for a rate, `@every 1h30m` or six fields for cron, with `CRON_TZ=Area/City ` before it where wanted. Pure.
 *
 * Says only what is allowed, not when a timer fires: nothing here fires.
 */
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
  const parts = expression.split(" ");
  if (parts.length !== fields.length) return "six fields: second, minute, hour, day of month, month, day of week";
  for (const [index, field] of fields.entries()) {
    const allowed = refuseField(parts[index] ?? "", field);
    if (allowed !== null) return `${field.name}: ${allowed}`;
  }
  return null;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names: readonly string[];
  /** Whether `?` says that any is meant. */
  readonly canBeOpen: boolean;
}

const number = (name: string, min: number, max: number): Field => ({ name, min, max, names: [], canBeOpen: false });
const fields: readonly Field[] = [
  number("second", 0, 59),
  number("minute", 0, 59),
  number("hour", 0, 23),
  { ...number("day of month", 1, 31), canBeOpen: true },
  { ...number("month", 1, 12), names: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ") },
  { ...number("day of week", 0, 6), names: "SUN MON TUE WED THU FRI SAT".split(" "), canBeOpen: true },
];

/** `*`, `*` with a step (a slash and 5), `1`, `1-5`, `MON-FRI/2`, and lists of them. */
function refuseField(text: string, field: Field): string | null {
  const { min, max, names, canBeOpen } = field;
  const allowed = `${min}..${max}${names.length > 0 ? ` or ${names[0]}..${names.at(-1)}` : ""}, "*"${canBeOpen ? ', "?"' : ""}, ranges, steps and lists of them`;
  if (text === "?") return canBeOpen ? null : allowed;
  const isFine = text.split(",").every((part) => {
    const [, range = "", step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (step !== undefined && (Number(step) < 1 || Number(step) > max)) return false;
    if (range === "*") return true;
    const ends = range.split("-").map((end) => valueOf(end, field));
    const [from, to = from] = ends;
    return ends.length <= 2 && from !== null && from !== undefined && to !== null && to !== undefined && from <= to;
  });
  return isFine ? null : allowed;
}

function valueOf(text: string, { min, max, names }: Field): number | null {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return min + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : null;
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
