import { describe, expect, it } from "vitest";
import { compare, type Expectations } from "./expectations.ts";
import type { TestRun } from "./find-runs.ts";
import { subtestStatus, type RunResult } from "./subtest.ts";

const run: TestRun = {
  area: "url",
  file: "url/a.any.js",
  variant: "?x",
  meta: { scripts: [], variants: ["?x"], isLong: false },
};

function result(problem: string, ...subtests: readonly (readonly [name: string, status: number])[]): RunResult {
  return { problem, subtests: subtests.map(([name, status]) => ({ name, status, message: `why ${name}`, stack: "" })) };
}

const { pass, fail, timeout } = subtestStatus;
const known: Expectations = { "url/a.any.js?x": [{ reason: "because", fails: ["known"] }] };

describe("compare()", () => {
  it("is silent when everything is as listed", () => {
    expect(compare(run, result("", ["known", fail], ["other", pass]), known)).toEqual([]);
  });

  it("tells a failure that is not listed, with its message", () => {
    expect(compare(run, result("", ["known", fail], ["other", timeout]), known)).toEqual([
      { run: "url/a.any.js?x", kind: "unexpected failure", subtest: "other", message: "why other" },
    ]);
  });

  it("tells a listed failure that passes by now", () => {
    expect(compare(run, result("", ["known", pass]), known)).toMatchObject([
      { kind: "unexpected pass", subtest: "known" },
    ]);
  });

  it("lists failures by variant: the same name elsewhere is a surprise", () => {
    expect(compare({ ...run, variant: "?y" }, result("", ["known", fail]), known)).toHaveLength(1);
  });

  it("tells a file that ended with a problem, unless that is listed", () => {
    const broken = result("the file timed out");
    expect(compare(run, broken, {})).toMatchObject([{ kind: "unexpected failure", message: "the file timed out" }]);
    const listed: Expectations = { "url/a.any.js?x": [{ reason: "because", fails: "file" }] };
    expect(compare(run, broken, listed)).toEqual([]);
    expect(compare(run, result("", ["a", pass]), listed)).toMatchObject([{ kind: "unexpected pass" }]);
  });
});
