/**
 * What a scenario is: a named experiment that measures the real programs on loopback and compares the numbers with goals.
 *
 * A scenario gets everything from its context and leaves nothing behind: processes are ended by their ids, files live in `folder`.
 */
import type { Generator } from "./load/load-generator.ts";
import type { Goal } from "./report/goal.ts";
import type { Measurement, ScenarioReport } from "./report/report.ts";

export interface ScenarioContext {
  /** For child processes: `PATH`, `HOME` and the like, without any setting of Selvage. */
  readonly env: Readonly<Record<string, string>>;
  /** An empty temporary folder, deleted afterwards. */
  readonly folder: string;
  /** Length of one load run, 1..600. */
  readonly seconds: number;
  /** How many functions to publish, 40..100,000; null: as many as the scenario has goals for. */
  readonly functions: number | null;
  readonly generator: Generator;
  /** Tells whoever waits what is going on. */
  note(text: string): void;
}

/** A goal and the value measured for it; undefined when there is none. */
export type JudgedGoal = Goal & { readonly value: number | undefined };

export interface ScenarioOutcome {
  readonly settings: ScenarioReport["settings"];
  readonly results: readonly Measurement[];
  readonly goals: readonly JudgedGoal[];
}

export interface Scenario {
  readonly name: string;
  /** One sentence for the list of scenarios. */
  readonly summary: string;
  run(context: ScenarioContext): Promise<ScenarioOutcome>;
}
