/**
 * Cron expressions of six fields, `second minute hour day-of-month month day-of-week`, in UTC: read, and asked when they fire.
 *
 * Fields are `*`, numbers, ranges `a-b`, steps (`a/n`, `a-b/n`, and of a star), lists of these with `,`, names of months (JAN) and days (SUN, 0..6), and `?`
 * for a day that is not said. Where both days are said, one of them is enough, as cron(8) has it. Pure. Invariant: an expression that was read fires
 * at least once in every eight years.
 */

/** An expression that was read. */
export interface Cron {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Null: any day. */
  readonly daysOfMonth: ReadonlySet<number> | null;
  /** 1..12. */
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday; null: any day. */
  readonly daysOfWeek: ReadonlySet<number> | null;
}

export type ParsedCron = { readonly ok: true; readonly cron: Cron } | { readonly ok: false; readonly message: string };

/** Longest expression, characters. */
export const cronCharsMax = 256;

interface FieldForm {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
  readonly mayBeUnsaid?: true;
}

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const forms: readonly FieldForm[] = [
  { name: "second", min: 0, max: 59 },
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31, mayBeUnsaid: true },
  { name: "month", min: 1, max: 12, names: monthNames },
  { name: "day of week", min: 0, max: 6, names: dayNames, mayBeUnsaid: true },
];

const dayMs = 86_400_000;
/** From one 29 February to the next at most: a century's year that is no leap year is between. */
const daysLookedAt = 8 * 366;

/** Reads an expression; `message` completes "allowed: …". */
export function parseCron(text: string): ParsedCron {
  const shape = "second minute hour day-of-month month day-of-week, such as 0 30 8 * * MON-FRI";
  const parts = text.trim().split(/\s+/);
  if (text.length > cronCharsMax || parts.length !== forms.length) {
    return { ok: false, message: `six fields of at most ${cronCharsMax} characters, ${shape}` };
  }
  const read: (readonly number[] | null)[] = [];
  for (const [index, form] of forms.entries()) {
    const values = readField(parts[index] ?? "", form);
    if (typeof values === "string") return { ok: false, message: `${form.name}: ${values}` };
    read.push(values);
  }
  const [seconds, minutes, hours, daysOfMonth, months, daysOfWeek] = read;
  const cron: Cron = {
    seconds: seconds ?? [],
    minutes: minutes ?? [],
    hours: hours ?? [],
    daysOfMonth: daysOfMonth === null || daysOfMonth === undefined ? null : new Set(daysOfMonth),
    months: new Set(months),
    daysOfWeek: daysOfWeek === null || daysOfWeek === undefined ? null : new Set(daysOfWeek),
  };
  if (isEver(cron)) return { ok: true, cron };
  return { ok: false, message: "a day that some year has: no month that is named has that day" };
}

/** The first second after `afterMs` when it fires; both in milliseconds since the epoch. Null: not before `untilMs` (included), by default eight years on. */
export function nextFiring(cron: Cron, afterMs: number, untilMs: number = Infinity): number | null {
  const from = Math.floor(afterMs / 1_000) * 1_000 + 1_000;
  const today = Math.floor(from / dayMs) * dayMs;
  for (let day = 0; day <= daysLookedAt; day++) {
    const midnight = today + day * dayMs;
    if (midnight > untilMs) return null;
    if (!isDay(cron, midnight)) continue;
    const time = firstTime(cron, day === 0 ? from - midnight : 0);
    if (time !== null) return midnight + time <= untilMs ? midnight + time : null;
  }
  return null;
}

/** The last second at or before `atMs` when it fired. Null: not since `sinceMs` (included), by default eight years ago. */
export function lastFiring(cron: Cron, atMs: number, sinceMs: number = -Infinity): number | null {
  const until = Math.floor(atMs / 1_000) * 1_000;
  const today = Math.floor(until / dayMs) * dayMs;
  for (let day = 0; day <= daysLookedAt; day++) {
    const midnight = today - day * dayMs;
    if (midnight + dayMs <= sinceMs) return null;
    if (!isDay(cron, midnight)) continue;
    const time = lastTime(cron, day === 0 ? until - midnight : dayMs);
    if (time !== null) return midnight + time >= sinceMs ? midnight + time : null;
  }
  return null;
}

/** The values, null where nothing is said, or what is allowed. */
function readField(text: string, form: FieldForm): readonly number[] | null | string {
  const { min, max, mayBeUnsaid } = form;
  if (mayBeUnsaid === true && (text === "?" || text === "*")) return null;
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const range = readRange(part, form);
    if (range === null) return describe(form);
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  // A star with a step that leaves nothing out says nothing.
  if (mayBeUnsaid === true && values.size === max - min + 1) return null;
  return [...values].sort((a, b) => a - b);
}

function readRange(
  part: string,
  form: FieldForm,
): { readonly from: number; readonly to: number; readonly step: number } | null {
  const [, first, last, stepText] = /^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  if (first === undefined) return null;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step > form.max) return null;
  if (first === "*") return last === undefined ? { from: form.min, to: form.max, step } : null;
  const from = readValue(first, form);
  if (from === null) return null;
  if (last === undefined) return { from, to: stepText === undefined ? from : form.max, step };
  const to = readValue(last, form);
  return to === null || to < from ? null : { from, to, step };
}

function readValue(text: string, { min, max, names = [] }: FieldForm): number | null {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

function describe({ min, max, names, mayBeUnsaid }: FieldForm): string {
  const named = names === undefined ? "" : ` or ${names[0] ?? ""}..${names.at(-1) ?? ""}`;
  return `${min}..${max}${named}, ranges, steps and lists of them, or *${mayBeUnsaid === true ? " or ?" : ""}`;
}

function isEver({ daysOfMonth, daysOfWeek, months }: Cron): boolean {
  if (daysOfMonth === null || daysOfWeek !== null) return true;
  const longest = (month: number): number => (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31);
  return [...months].some((month) => [...daysOfMonth].some((day) => day <= longest(month)));
}

function isDay({ daysOfMonth, daysOfWeek, months }: Cron, midnightMs: number): boolean {
  const date = new Date(midnightMs);
  if (!months.has(date.getUTCMonth() + 1)) return false;
  if (daysOfMonth === null) return daysOfWeek?.has(date.getUTCDay()) ?? true;
  return daysOfMonth.has(date.getUTCDate()) || (daysOfWeek?.has(date.getUTCDay()) ?? false);
}

/** The first time of a day at or after `fromMs`, milliseconds after midnight. */
function firstTime({ hours, minutes, seconds }: Cron, fromMs: number): number | null {
  for (const hour of hours) {
    if ((hour + 1) * 3_600_000 <= fromMs) continue;
    for (const minute of minutes) {
      const base = (hour * 60 + minute) * 60_000;
      if (base + 60_000 <= fromMs) continue;
      const second = seconds.find((each) => base + each * 1_000 >= fromMs);
      if (second !== undefined) return base + second * 1_000;
    }
  }
  return null;
}

/** The last time of a day at or before `untilMs`. */
function lastTime({ hours, minutes, seconds }: Cron, untilMs: number): number | null {
  for (const hour of hours.toReversed()) {
    if (hour * 3_600_000 > untilMs) continue;
    for (const minute of minutes.toReversed()) {
      const base = (hour * 60 + minute) * 60_000;
      if (base > untilMs) continue;
      const second = seconds.findLast((each) => base + each * 1_000 <= untilMs);
      if (second !== undefined) return base + second * 1_000;
    }
  }
  return null;
}
