/** The examples of date-fns' documentation, computed. Dates are local, as there. */
import {
  addBusinessDays,
  addMonths,
  areIntervalsOverlapping,
  closestTo,
  differenceInCalendarDays,
  eachDayOfInterval,
  format,
  formatDistance,
  formatISODuration,
  getISOWeek,
  intervalToDuration,
  isValid,
  lastDayOfMonth,
  parse,
  parseISO,
  subDays,
} from "date-fns";
import { de, eo, ja } from "date-fns/locale";

const day = (date: Date): string => format(date, "yyyy-MM-dd");

function examples(): Record<string, unknown> {
  const now = new Date();
  return {
    format: format(new Date(2014, 1, 11), "MM/dd/yyyy"),
    esperanto: format(new Date(2014, 6, 2), "do 'de' MMMM yyyy", { locale: eo }),
    german: format(new Date(2026, 2, 1, 9, 5), "PPPPp", { locale: de }),
    japanese: format(new Date(2014, 6, 2), "PPP", { locale: ja }),
    quoted: format(new Date(2014, 6, 2, 15), "h 'o''clock'"),
    distance: formatDistance(subDays(now, 3), now, { addSuffix: true }),
    addMonths: day(addMonths(new Date(2014, 8, 1), 5)),
    endOfMonth: day(addMonths(new Date(2023, 0, 30), 1)),
    businessDays: day(addBusinessDays(new Date(2014, 8, 1), 10)),
    difference: differenceInCalendarDays(new Date(2012, 6, 2, 0, 0), new Date(2011, 6, 2, 23, 0)),
    days: eachDayOfInterval({ start: new Date(2014, 9, 6), end: new Date(2014, 9, 10) }).map(day),
    week: getISOWeek(new Date(2005, 0, 2)),
    duration: intervalToDuration({ start: new Date(1929, 0, 15, 12, 0, 0), end: new Date(1968, 3, 4, 19, 5, 0) }),
    isoDuration: formatISODuration({ years: 39, months: 2, days: 20, hours: 7, minutes: 5, seconds: 0 }),
    lastDay: day(lastDayOfMonth(new Date(2014, 8, 2, 11, 55, 0))),
    parsed: day(parse("02/11/2014", "MM/dd/yyyy", new Date())),
    invalid: isValid(parse("31/02/2014", "dd/MM/yyyy", new Date())),
    iso: parseISO("2014-02-11T11:30:30+02:00").toISOString(),
    overlap: areIntervalsOverlapping(
      { start: new Date(2014, 0, 10), end: new Date(2014, 0, 20) },
      { start: new Date(2014, 0, 17), end: new Date(2014, 0, 21) },
    ),
    closest: closestTo(new Date(2015, 8, 6), [new Date(2000, 0, 1), new Date(2030, 0, 1)])?.getFullYear(),
  };
}

export default {
  fetch(): Response {
    return Response.json(examples());
  },
};
