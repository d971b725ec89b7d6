/** The claims of bench/report/statistics.ts. */
import { describe, expect, test } from "vitest";
import { median, percentile, significant } from "../../../bench/report/statistics.ts";

describe("percentile()", () => {
  test("is the nearest rank, a value that was measured", () => {
    const values = [15, 20, 35, 40, 50];
    expect([5, 30, 40, 50, 100].map((percent) => percentile(values, percent))).toEqual([15, 20, 20, 35, 50]);
  });

  test("of 0 is the smallest and needs no sorted input", () => {
    expect(percentile([9, 3, 10], 0)).toBe(3);
  });

  test("95 of 30 values is the 29th, so one outlier in 30 does not decide it", () => {
    const values = Array.from({ length: 30 }, (_, i) => i + 1);
    expect(percentile(values, 95)).toBe(29);
  });

  test("sorts by number, not by text", () => {
    expect(percentile([100, 9, 20], 100)).toBe(100);
  });

  test.each([-1, 100.5, Number.NaN])("refuses the percent %s", (percent) => {
    expect(() => percentile([1], percent)).toThrow(/percent must be 0\.\.100/);
  });

  test("refuses an empty list", () => {
    expect(() => percentile([], 50)).toThrow(/empty list/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses the measurement %s", (value) => {
    expect(() => percentile([1, value], 50)).toThrow(/not a finite number/);
  });
});

describe("median()", () => {
  test("is the middle of an odd count and the mean of the two middles of an even count", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  test("leaves its input as it was", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test("refuses an empty list", () => {
    expect(() => median([])).toThrow(/empty list/);
  });
});

test("significant() keeps the given number of digits", () => {
  expect([123_456, 0.0123456, 2].map((value) => significant(value, 3))).toEqual([123_000, 0.0123, 2]);
});
