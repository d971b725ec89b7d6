/**
 * Reads an HTTP date (RFC 9110 §5.6.7): the fixed form and both obsolete ones, in any case.
 *
 * Invariant: what does not follow one of the three grammars is no date, however readable it may be.
 */

const IMF = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}:\d{2}:\d{2}) gmt$/;
const RFC850 = /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}:\d{2}:\d{2}) gmt$/;
const ASCTIME = /^(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Milliseconds since the epoch; undefined when `value` is absent or no date. `now` tells which century a year of two digits is in. */
export function parseHttpDate(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.toLowerCase();
  const imf = IMF.exec(text);
  if (imf !== null) return timeOf({ day: imf[1], month: imf[2], year: Number(imf[3]), clock: imf[4] });
  const old = RFC850.exec(text);
  if (old !== null) return timeOf({ day: old[1], month: old[2], year: fullYear(Number(old[3]), now), clock: old[4] });
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return undefined;
  return timeOf({ day: asctime[2], month: asctime[1], year: Number(asctime[4]), clock: asctime[3] });
}

function timeOf(parts: {
  readonly day: string | undefined;
  readonly month: string | undefined;
  readonly year: number;
  readonly clock: string | undefined;
}): number | undefined {
  const month = months.indexOf(parts.month ?? "");
  const day = Number(parts.day);
  const [hours = 0, minutes = 0, seconds = 0] = (parts.clock ?? "").split(":").map(Number);
  if (month < 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(parts.year, month, day);
  if (date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hours, minutes, seconds);
}

/** RFC 9110 §5.6.7: more than 50 years in the future means the past. */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
