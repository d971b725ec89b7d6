/** The report of a whole run: for a terminal, and as the object that `--json` writes. Pure. */
import type { GoalResult } from "../../bench/report/goal.ts";
import type { Surprise } from "./expectations.ts";
import { runName, type TestRun } from "./find-runs.ts";
import { isPassed, type RunResult } from "./subtest.ts";
import { goalsOf, meanRate, rateOf, round, tallyOf, type AreaTally } from "./tally.ts";

export interface Finished {
  readonly run: TestRun;
  readonly result: RunResult;
}

export interface WptReport {
  readonly areas: readonly (AreaTally & { readonly percent: number })[];
  readonly runs: number;
  readonly green: number;
  readonly subtests: number;
  readonly passed: number;
  readonly meanPercent: number;
  readonly goals: readonly GoalResult[];
  readonly surprises: readonly Surprise[];
  /** Every run that is not fully green, with what failed there. */
  readonly failures: readonly {
    readonly run: string;
    readonly problem: string;
    readonly fails: readonly { readonly name: string; readonly status: number; readonly message: string }[];
  }[];
}

export function makeReport(finished: readonly Finished[], surprises: readonly Surprise[]): WptReport {
  const byArea = Map.groupBy(finished, ({ run }) => run.area);
  const tallies = [...byArea].map(([area, list]) =>
    tallyOf(
      area,
      list.map(({ result }) => result),
    ),
  );
  const sum = (of: (tally: AreaTally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    areas: tallies.map((tally) => ({ ...tally, percent: round(rateOf(tally)) })),
    runs: sum(({ runs }) => runs),
    green: sum(({ green }) => green),
    subtests: sum(({ subtests }) => subtests),
    passed: sum(({ passed }) => passed),
    meanPercent: round(meanRate(tallies)),
    goals: goalsOf(tallies),
    surprises,
    failures: finished.flatMap(({ run, result }) => failureOf(run, result)),
  };
}

export function formatWptReport(report: WptReport): string {
  const width = Math.max(10, ...report.areas.map(({ area }) => area.length));
  const line = (name: string, cells: readonly (number | string)[]): string =>
    `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(10)).join("")}`;
  return [
    line("area", ["runs", "green", "subtests", "passed", "failed", "timed out", "%"]),
    ...report.areas.map((tally) =>
      line(tally.area, [
        tally.runs,
        tally.green,
        tally.subtests,
        tally.passed,
        tally.failed,
        tally.timedOut,
        tally.percent.toFixed(2),
      ]),
    ),
    line("all", [report.runs, report.green, report.subtests, report.passed, "", "", report.meanPercent.toFixed(2)]),
    ...report.goals.map(({ name, goal, value, met }) => `${name}: ${value} (goal ${goal}): ${met ? "met" : "NOT MET"}`),
    `${report.surprises.length} results differ from test/wpt/expectations.json`,
    "",
  ].join("\n");
}

export function formatSurprise({ run, kind, subtest, message }: Surprise): string {
  return `${kind}: ${run}: ${subtest}${message === "" ? "" : `\n    ${message.split("\n", 1)[0] ?? ""}`}\n`;
}

function failureOf(run: TestRun, result: RunResult): WptReport["failures"] {
  const fails = result.subtests.filter((subtest) => !isPassed(subtest));
  if (fails.length === 0 && result.problem === "") return [];
  const named = fails.map(({ name, status, message }) => ({ name, status, message }));
  return [{ run: runName(run), problem: result.problem, fails: named }];
}
