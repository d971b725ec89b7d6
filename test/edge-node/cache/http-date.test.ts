import { expect, it } from "vitest";
import { parseHttpDate } from "../../../edge-node/cache/http-date.ts";

const now = Date.UTC(2026, 10, 22);

it.each([
  ["Sun, 22 Nov 2026 08:00:30 GMT", "2026-11-22T08:00:30.000Z"],
  ["SUN, 22 nov 2026 08:00:30 gMT", "2026-11-22T08:00:30.000Z"],
  ["Thursday, 18-Aug-50 02:01:18 GMT", "2050-08-18T02:01:18.000Z"],
  ["Thursday, 18-Aug-94 02:01:18 GMT", "1994-08-18T02:01:18.000Z"],
  ["Thu Aug  8 02:01:18 2050", "2050-08-08T02:01:18.000Z"],
  ["Sun Nov 22 08:00:30 2026", "2026-11-22T08:00:30.000Z"],
  ["Fri, 29 Feb 2028 00:00:00 GMT", "2028-02-29T00:00:00.000Z"],
])("%s is %s", (text, expected) => {
  expect(new Date(parseHttpDate(text, now) ?? NaN).toISOString()).toBe(expected);
});

it.each([
  undefined,
  "",
  "0",
  "-1",
  "foo",
  "Thu, 18 Aug 2050 02:01:18 UTC",
  "Thu, 18 Aug 50 02:01:18 GMT",
  "Thu 18 Aug 2050 02:01:18 GMT",
  "Thu, 18  Aug  2050 02:01:18 GMT",
  "Thu, 18-Aug-2050 02:01:18 GMT",
  "Thu, 18 Aug 2050 2:01:18 GMT",
  "Thu, 31 Feb 2050 02:01:18 GMT",
  "Thu, 18 Foo 2050 02:01:18 GMT",
  "Thu, 18 Aug 2050 24:01:18 GMT",
  "Thu, 18 Aug 2050 02:61:18 GMT",
  " Thu, 18 Aug 2050 02:01:18 GMT",
])("%j is no date", (text) => {
  expect(parseHttpDate(text, now)).toBeUndefined();
});
