import { describe, expect, it } from "vitest";
import { chooseTests } from "./choose-tests.ts";
import { formatCacheTestsReport, makeCacheTestsReport, type Expectations, type TestResult } from "./report.ts";
import type { TestKind } from "./suite.ts";

function result(id: string, verdict: string, kind: TestKind = "required"): TestResult {
  return { id, kind, verdict, message: "said so" };
}

function surprises(results: readonly TestResult[], expectations: Expectations, isWhole = true): string[] {
  const report = makeCacheTestsReport(results, { expectations, isWhole });
  return report.surprises.map(({ id, kind }) => `${kind}: ${id}`);
}

describe("makeCacheTestsReport()", () => {
  it("counts by kind; a test that failed with one it depends on has not failed itself", () => {
    const results = [
      result("a", "pass"),
      result("b", "fail"),
      result("c", "dependency_fail"),
      result("d", "yes", "check"),
      result("e", "no", "check"),
      result("f", "optional_fail", "optimal"),
    ];
    expect(makeCacheTestsReport(results, { expectations: {}, isWhole: true }).kinds).toEqual([
      { kind: "required", tests: 3, passed: 1, failed: 1 },
      { kind: "optimal", tests: 1, passed: 0, failed: 1 },
      { kind: "check", tests: 2, passed: 1, failed: 1 },
    ]);
  });

  const known = { a: { verdict: "fail", reason: "on purpose" } };
  it.each<[string, TestResult, Expectations, string[]]>([
    ["a pass is no surprise", result("a", "pass"), {}, []],
    ["a known failure is none", result("a", "fail"), known, []],
    ["an unknown failure is", result("a", "fail"), {}, ["unexpected failure: a"]],
    ["an untested one is a failure", result("a", "untested"), {}, ["unexpected failure: a"]],
    ["a known failure that passes is", result("a", "pass"), known, ["unexpected pass: a"]],
    ["one that fails in another way is", result("a", "setup_fail"), known, ["another failure: a"]],
    ["one that is not in the suite is", result("b", "pass"), known, ["no such test: a"]],
    [
      "a test named like an object's own method is not known",
      result("toString", "fail"),
      {},
      ["unexpected failure: toString"],
    ],
  ])("%s", (_case, given, expectations, expected) => {
    expect(surprises([given], expectations)).toEqual(expected);
  });

  it("a required test that fails by design is counted, and is no defect", () => {
    const results = ["a", "b", "c", "d", "e"].map((id) => result(id, "fail"));
    const byDesign = { a: { verdict: "fail", reason: "harmful", byDesign: true } };
    const report = makeCacheTestsReport(results, { expectations: byDesign, isWhole: true });
    expect(report.kinds[0]?.failed).toBe(5);
    expect(report.goals[2]).toMatchObject({ value: 4, met: false });
  });

  it("a run of some tests has no goals and misses none of the others", () => {
    expect(surprises([result("b", "pass")], known, false)).toEqual([]);
    expect(makeCacheTestsReport([], { expectations: {}, isWhole: false }).goals).toEqual([]);
  });

  it("a run of nothing meets no goal of what must pass", () => {
    const report = makeCacheTestsReport([], { expectations: {}, isWhole: true });
    expect(report.goals.map(({ met }) => met)).toEqual([false, false, true]);
    expect(formatCacheTestsReport(report)).toContain("NOT MET");
  });
});

describe("chooseTests()", () => {
  const groups = [
    {
      id: "one",
      tests: [
        { id: "a", name: "" },
        { id: "b", name: "", depends_on: ["c"] },
        { id: "x", name: "", browser_only: true },
      ],
    },
    { id: "two", tests: [{ id: "c", name: "", depends_on: ["b"] }] },
  ];
  it.each([
    [[], ["a", "b", "c"]],
    [["a"], ["a"]],
    [["b"], ["b", "c"]],
    [["x"], []],
  ])("%j gives %j", (ids, expected) => {
    const chosen = chooseTests(groups, ids).flatMap(({ tests }) => tests);
    expect(chosen.map(({ id }) => id)).toEqual(expected);
  });
});
