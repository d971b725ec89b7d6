/** Claims about function limits: each range at both ends and one beyond. */
import { describe, expect, test } from "vitest";
import { parseFunctionLimits } from "../../sdk/function-limits-parser.ts";
import { defaultFunctionLimits, functionLimitRanges } from "../../sdk/limits.ts";
import { parsedValue, problemLines, problemPaths } from "./expect-problems.ts";

const ranges = Object.entries(functionLimitRanges).map(([key, range]) => ({ key, ...range }));

describe("parseFunctionLimits()", () => {
  test("gives the defaults for nothing and for an empty object", () => {
    expect(parsedValue(parseFunctionLimits(undefined))).toEqual(defaultFunctionLimits);
    expect(parsedValue(parseFunctionLimits({}))).toEqual(defaultFunctionLimits);
  });

  test.each(ranges)("accepts $key from $min to $max", ({ key, min, max }) => {
    expect(parsedValue(parseFunctionLimits({ [key]: min }))).toEqual({ ...defaultFunctionLimits, [key]: min });
    expect(parsedValue(parseFunctionLimits({ [key]: max }))).toEqual({ ...defaultFunctionLimits, [key]: max });
  });

  test.each(ranges)("refuses $key below $min and above $max", ({ key, min, max }) => {
    for (const value of [min - 1, max + 1]) {
      expect(problemLines(parseFunctionLimits({ [key]: value }))).toEqual([
        `limits.${key}: received ${value}, allowed: an integer ${min}..${max}`,
      ]);
    }
  });

  test.each([[{ cpuMs: "50" }], [{ cpuMs: 1.5 }], [{ cpuMs: null }], [{ cpu: 1 }], [[]], ["x"]])(
    "refuses %j",
    (input) => {
      expect(problemPaths(parseFunctionLimits(input))).toHaveLength(1);
    },
  );
});
