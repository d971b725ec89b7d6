/** What a run of the corpus says: one line for each program, numbers and goals in the form of bench. Pure. */
import { evaluateGoal, type GoalResult } from "../../bench/report/goal.ts";
import { formatReport, type Measurement, type ScenarioReport } from "../../bench/report/report.ts";
import { median, significant } from "../../bench/report/statistics.ts";
import { memoryGrowthMax, type CorpusRun } from "./corpus.ts";
import { countOutcomes, judge, type ProgramRun, type PublishOutcome } from "./judge.ts";
import type { NeighbourSummary } from "./neighbour-samples.ts";

/** One program in the report. */
export interface ProgramReport {
  readonly name: string;
  readonly attack: string;
  readonly contained: boolean;
  /** Why not; empty when contained. */
  readonly reasons: readonly string[];
  readonly publish: "published" | "refused" | "failed";
  /** What the control plane said; empty when published. */
  readonly publishMessage: string;
  readonly publishMs: number;
  /** What clients got, for example `{"503 FUNCTION_CPU_LIMIT": 20}`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Of the slowest request. Null without any. */
  readonly answerMsMax: number | null;
  /** From the last answer until node, control plane, neighbour and probe were well; null: not within a minute. */
  readonly healthyMs: number | null;
  readonly neighbourRequests: number;
  readonly neighbourErrors: number;
  readonly neighbourP99Ms: number | null;
  /** Quiet stretches of the whole run. */
  readonly neighbourP99AloneMs: number | null;
  /** Processes of the node that had to be started anew. */
  readonly processesReplaced: number;
}

export interface HostileReport extends ScenarioReport {
  readonly programs: readonly ProgramReport[];
}

export type HostileReportHead = Pick<ScenarioReport, "commit" | "node" | "cores" | "at" | "settings">;

export function makeHostileReport(head: HostileReportHead, corpus: CorpusRun): HostileReport {
  const programs = corpus.runs.map((run) => reportProgram(run, corpus.alone));
  const { scenario, results, goals } = { scenario: "hostile", ...numbers(programs, corpus) };
  return { scenario, ...head, results, goals, programs };
}

export function reportProgram(run: ProgramRun, alone: NeighbourSummary): ProgramReport {
  const { contained, reasons } = judge(run);
  const times = run.outcomes.map(({ ms }) => ms);
  return {
    name: run.name,
    attack: run.attack,
    contained,
    reasons,
    publish: run.publish.kind,
    publishMessage: run.rollout ?? messageOf(run.publish),
    publishMs: Math.round(run.publish.ms),
    answers: countOutcomes(run.outcomes),
    answerMsMax: times.length === 0 ? null : Math.round(Math.max(...times)),
    healthyMs: run.healthyMs === null ? null : Math.round(run.healthyMs),
    neighbourRequests: run.neighbour.requests,
    neighbourErrors: run.neighbour.failures,
    neighbourP99Ms: rounded(run.neighbourUnderAttack.p99Ms),
    neighbourP99AloneMs: rounded(alone.p99Ms),
    processesReplaced: run.processesReplaced,
  };
}

function messageOf(publish: PublishOutcome): string {
  return publish.kind === "published" ? "" : `${publish.code}: ${publish.message}`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : significant(value, 3);
}

/** One program for a terminal: a line, and its reasons when it was not contained. */
export function formatProgram(program: ProgramReport): string {
  const answers = Object.entries(program.answers).map(([name, count]) => `${count} × ${name}`);
  const got = program.publish === "published" ? answers.join(", ") || "no hook to request" : program.publishMessage;
  const parts = [
    program.contained ? "contained" : "NOT CONTAINED",
    program.name,
    `${program.publish}; ${got}`,
    program.answerMsMax === null ? "" : `slowest ${program.answerMsMax} ms`,
    program.healthyMs === null ? "not healthy" : `healthy after ${program.healthyMs} ms`,
    `neighbour ${program.neighbourErrors} errors of ${program.neighbourRequests}, p99 ${text(program.neighbourP99Ms)} ms (alone ${text(program.neighbourP99AloneMs)} ms)`,
    program.processesReplaced === 0 ? "" : `${program.processesReplaced} processes replaced`,
  ];
  const line = parts.filter((part) => part !== "").join(" | ");
  return [line, ...program.reasons.map((reason) => `    ${reason}`), ""].join("\n");
}

function text(value: number | null): string {
  return value === null ? "-" : String(value);
}

/** Every program, then the numbers and goals. */
export function formatHostileReport(report: HostileReport): string {
  return formatReport(report);
}

function numbers(
  programs: readonly ProgramReport[],
  corpus: CorpusRun,
): { readonly results: readonly Measurement[]; readonly goals: readonly GoalResult[] } {
  const { before, after, alone, neighbour } = corpus;
  const count = (name: string, value: number): Measurement => ({ name, value, unit: "count" });
  const underAttack = programs.flatMap(({ neighbourP99Ms }) => neighbourP99Ms ?? []);
  const healthy = programs.flatMap(({ healthyMs }) => healthyMs ?? []);
  const p99 = underAttack.length === 0 ? undefined : median(underAttack);
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  const ratio = p99 === undefined || alone.p99Ms === null ? undefined : significant(p99 / alone.p99Ms, 3);
  const growth = significant(after.nodeMiB / before.nodeMiB, 4);
  const measured = (name: string, value: number | undefined, unit: string): Measurement[] =>
    value === undefined ? [] : [{ name, value: significant(value, 4), unit }];
  return {
    results: [
      count("programs", programs.length),
      count("programs contained", programs.filter(({ contained }) => contained).length),
      count("programs refused at publish", programs.filter(({ publish }) => publish === "refused").length),
      count("neighbour requests", neighbour.requests),
      ...measured("neighbour p99 alone", alone.p99Ms ?? undefined, "ms"),
      ...measured("neighbour p99 under attack, median", p99, "ms"),
      ...measured("neighbour p99 under attack, worst", maxOf(underAttack), "ms"),
      ...measured("healthy after, median", healthy.length === 0 ? undefined : median(healthy), "ms"),
      ...measured("healthy after, worst", maxOf(healthy), "ms"),
      ...measured("node memory before", before.nodeMiB, "MiB"),
      ...measured("node memory after", after.nodeMiB, "MiB"),
    ],
    goals: [
      evaluateGoal(
        { ...none, name: "programs not contained" },
        programs.filter((program) => !program.contained).length,
      ),
      evaluateGoal({ ...none, name: "failed neighbour requests" }, neighbour.failures),
      evaluateGoal(
        { name: "neighbour p99 under attack, median", comparison: "at-most", bound: 3, scale: "x alone" },
        ratio,
      ),
      evaluateGoal(
        { name: "node memory after", comparison: "at-most", bound: memoryGrowthMax, scale: "x before" },
        growth,
      ),
      evaluateGoal({ ...none, name: "file descriptors leaked" }, Math.max(0, after.descriptors - before.descriptors)),
      evaluateGoal({ ...none, name: "processes leaked" }, Math.max(0, after.processes - before.processes)),
    ],
  };
}

function maxOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
