/** The claims of bench/report/report.ts. */
import { expect, test } from "vitest";
import { evaluateGoal } from "../../../bench/report/goal.ts";
import { formatReport, reportLine, type ScenarioReport } from "../../../bench/report/report.ts";

const report: ScenarioReport = {
  scenario: "hello",
  commit: "abc1234",
  node: "24.21.0",
  cores: 2,
  at: "2026-01-02T03:04:05.000Z",
  settings: { generator: "wrk", seconds: 4 },
  results: [{ name: "process, 32 connections", value: 34_567.891, unit: "requests/s" }],
  goals: [
    evaluateGoal({ name: "ratio", comparison: "at-least", bound: 3, scale: "x" }, 2.5),
    evaluateGoal({ name: "never measured", comparison: "at-most", bound: 3, scale: "ms" }, undefined),
  ],
};

test("reportLine() is one line that parses back to the report", () => {
  expect(reportLine(report)).not.toContain("\n");
  expect(JSON.parse(reportLine(report))).toEqual(report);
});

test("formatReport() shows where, what and which goals are missed", () => {
  expect(formatReport(report).split("\n")).toEqual([
    "hello: commit abc1234, Node 24.21.0, 2 cores, generator wrk, seconds 4",
    "  process, 32 connections  34,568 requests/s",
    "  ratio                    2.5 (goal >= 3 x): NOT MET",
    "  never measured           not measured (goal <= 3 ms): NOT MET",
    "",
  ]);
});
