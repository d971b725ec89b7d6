import { describe, expect, it } from "vitest";
import { areas } from "./areas.ts";
import { parseRunResult, subtestStatus, type RunResult } from "./subtest.ts";
import { goalsOf, meanRate, rateOf, round, tallyOf } from "./tally.ts";

function result(...statuses: readonly number[]): RunResult {
  return { problem: "", subtests: statuses.map((status) => ({ name: "n", status, message: "", stack: "" })) };
}

const { pass, fail, timeout, notRun, preconditionFailed } = subtestStatus;

describe("tallyOf()", () => {
  it("counts passed, failed, timed out, green and broken runs", () => {
    const results = [result(pass, pass), result(pass, fail, timeout, notRun, preconditionFailed), result()];
    expect(tallyOf("url", results)).toEqual({
      area: "url",
      runs: 3,
      green: 1,
      subtests: 7,
      passed: 3,
      failed: 2,
      timedOut: 2,
      broken: 1,
    });
  });

  it("a run whose file had a problem is not green, however many subtests passed", () => {
    expect(tallyOf("url", [{ ...result(pass), problem: "a script threw" }])).toMatchObject({ green: 0, passed: 1 });
  });
});

describe("the mean", () => {
  it("counts each area the same, whatever its size", () => {
    const large = tallyOf("a", [result(...Array.from({ length: 100 }, () => pass))]);
    const small = tallyOf("b", [result(pass, fail)]);
    expect([rateOf(large), rateOf(small), meanRate([large, small])]).toEqual([100, 50, 75]);
  });

  it("an area without results counts 0, and no areas give 0", () => {
    expect([meanRate([tallyOf("a", [])]), meanRate([])]).toEqual([0, 0]);
  });

  it("is rounded down", () => {
    expect(round(97.999)).toBe(97.99);
  });
});

describe("goalsOf()", () => {
  it("judges only a run over all areas", () => {
    const tallies = areas.map((area) => tallyOf(area, [result(pass)]));
    expect(goalsOf(tallies.slice(1))).toEqual([]);
    expect(goalsOf(tallies).map(({ name, met }) => [name, met])).toEqual([
      ["wpt, mean of the area rates", true],
      ["wpt, runs fully green", false],
      ["wpt, lowest area rate", true],
      ["wpt, runs without any result", true],
    ]);
  });
});

describe("parseRunResult()", () => {
  it("says what the harness said of the file", () => {
    const subtests = [{ name: "a", status: 0, message: "", stack: "" }];
    expect(parseRunResult(JSON.stringify({ status: 0, message: "", subtests })).problem).toBe("");
    expect(parseRunResult(JSON.stringify({ status: 1, message: "boo", subtests })).problem).toBe("a script threw: boo");
    expect(parseRunResult(JSON.stringify({ status: 2, message: "", subtests })).problem).toBe("the file timed out");
  });

  it("throws for what is no result", () => {
    expect(() => parseRunResult("<html>")).toThrow(SyntaxError);
  });
});
