/** Counts results per area and makes the figures of the whole: the mean of the areas' rates, the runs that are fully green. Pure. */
import { evaluateGoal, type GoalResult } from "../../bench/report/goal.ts";
import { areas } from "./areas.ts";
import { isGreen, isPassed, subtestStatus, type RunResult } from "./subtest.ts";

export interface AreaTally {
  readonly area: string;
  readonly runs: number;
  readonly green: number;
  readonly subtests: number;
  readonly passed: number;
  readonly failed: number;
  readonly timedOut: number;
  /** Runs that gave no results at all: the function, its host or the node failed. */
  readonly broken: number;
}

export function tallyOf(area: string, results: readonly RunResult[]): AreaTally {
  const subtests = results.flatMap((result) => result.subtests);
  const passed = subtests.filter(isPassed).length;
  const timedOut = subtests.filter(({ status }) => status === subtestStatus.timeout || status === subtestStatus.notRun);
  return {
    area,
    runs: results.length,
    green: results.filter(isGreen).length,
    subtests: subtests.length,
    passed,
    failed: subtests.length - passed - timedOut.length,
    timedOut: timedOut.length,
    broken: results.filter((result) => result.subtests.length === 0).length,
  };
}

/** Passed of all, percent; an area without subtests has none. */
export function rateOf({ passed, subtests }: AreaTally): number {
  return subtests === 0 ? 0 : (100 * passed) / subtests;
}

/** The mean of the areas' rates, percent: each area counts the same. */
export function meanRate(tallies: readonly AreaTally[]): number {
  if (tallies.length === 0) return 0;
  return tallies.reduce((sum, tally) => sum + rateOf(tally), 0) / tallies.length;
}

const goals = { meanPercent: 98, greenRuns: 390, areaPercent: 95 } as const;

/** The goals, for a run over all areas. */
export function goalsOf(tallies: readonly AreaTally[]): readonly GoalResult[] {
  if (tallies.length !== areas.length) return [];
  const lowest = Math.min(...tallies.map(rateOf));
  const green = tallies.reduce((sum, tally) => sum + tally.green, 0);
  const broken = tallies.reduce((sum, tally) => sum + tally.broken, 0);
  return [
    evaluateGoal(
      { name: "wpt, mean of the area rates", comparison: "at-least", bound: goals.meanPercent, scale: "%" },
      round(meanRate(tallies)),
    ),
    evaluateGoal({ name: "wpt, runs fully green", comparison: "at-least", bound: goals.greenRuns, scale: "" }, green),
    evaluateGoal(
      { name: "wpt, lowest area rate", comparison: "at-least", bound: goals.areaPercent, scale: "%" },
      round(lowest),
    ),
    evaluateGoal({ name: "wpt, runs without any result", comparison: "at-most", bound: 0, scale: "" }, broken),
  ];
}

/** Down, so that nothing is met by rounding. */
export function round(percent: number): number {
  return Math.floor(percent * 100) / 100;
}
