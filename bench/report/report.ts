/**
 * The report of one scenario: the object that `--json` prints as its last line and that bench/results keeps.
 * Pure; where it runs and which commit it measured is given to it.
 */
import type { GoalResult } from "./goal.ts";

export interface Measurement {
  readonly name: string;
  readonly value: number;
  /** `requests/s`, `ms`, `MiB`, `x`, `count`. */
  readonly unit: string;
}

export interface ScenarioReport {
  readonly scenario: string;
  /** Of the checkout that was measured; ends in `-dirty` when files differ from it. */
  readonly commit: string;
  readonly node: string;
  readonly cores: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What the numbers depend on: load generator, seconds, rounds, peers' versions. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly results: readonly Measurement[];
  readonly goals: readonly GoalResult[];
}

/** The report for a terminal: one line per measurement, then one per goal. */
export function formatReport(report: ScenarioReport): string {
  const settings = Object.entries(report.settings).map(([key, value]) => `${key} ${value}`);
  const widthName = Math.max(0, ...[...report.results, ...report.goals].map((line) => line.name.length));
  return [
    `${report.scenario}: commit ${report.commit}, Node ${report.node}, ${report.cores} cores, ${settings.join(", ")}`,
    ...report.results.map((line) => `  ${line.name.padEnd(widthName)}  ${formatValue(line.value)} ${line.unit}`),
    ...report.goals.map((goal) => formatGoal(goal, widthName)),
    "",
  ].join("\n");
}

/** The one line that `--json` prints last. */
export function reportLine(report: ScenarioReport): string {
  return JSON.stringify(report);
}

function formatGoal(goal: GoalResult, widthName: number): string {
  const value = goal.value === null ? "not measured" : formatValue(goal.value);
  return `  ${goal.name.padEnd(widthName)}  ${value} (goal ${goal.goal}): ${goal.met ? "met" : "NOT MET"}`;
}

function formatValue(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 5 });
}
