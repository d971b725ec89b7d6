/** Results of the suite in numbers, beside what is expected of them. Pure. */
import { evaluateGoal, type GoalResult } from "../../bench/report/goal.ts";
import type { SuiteTest, TestKind } from "./suite.ts";

export interface TestResult {
  readonly id: string;
  readonly kind: TestKind;
  /** By the suite's own judgement: pass, fail, optional_fail, yes, no, setup_fail, harness_fail, dependency_fail, retry, untested. */
  readonly verdict: string;
  readonly message: string;
}

/** Test → why it does not pass. */
export type Expectations = Readonly<Record<string, KnownFailure>>;

export interface KnownFailure {
  readonly verdict: string;
  readonly reason: string;
  /** What the test asks for would do harm: its failure is no defect. */
  readonly byDesign?: boolean;
}

export interface Surprise {
  readonly id: string;
  readonly kind: "unexpected failure" | "unexpected pass" | "another failure" | "no such test";
  readonly message: string;
}

export interface KindCount {
  readonly kind: TestKind;
  readonly tests: number;
  readonly passed: number;
  /** Failed by itself, not because a test that it depends on did. */
  readonly failed: number;
}

export interface CacheTestsReport {
  readonly kinds: readonly KindCount[];
  readonly goals: readonly GoalResult[];
  readonly surprises: readonly Surprise[];
  /** Everything that did not pass. */
  readonly failures: readonly (TestResult & { readonly reason: string })[];
  readonly results: readonly TestResult[];
}

const kinds: readonly TestKind[] = ["required", "optimal", "check"];

export function kindOf({ kind }: SuiteTest): TestKind {
  return kind ?? "required";
}

export function isPassed({ verdict }: TestResult): boolean {
  return verdict === "pass" || verdict === "yes";
}

/** `isWhole`: whether every test of the suite ran, without which goals mean nothing. */
export function makeCacheTestsReport(
  results: readonly TestResult[],
  options: { readonly expectations: Expectations; readonly isWhole: boolean },
): CacheTestsReport {
  const { expectations, isWhole } = options;
  const counts = kinds.map((kind) => countOf(kind, results));
  return {
    kinds: counts,
    goals: isWhole ? goalsOf(counts, defectsOf(results, expectations)) : [],
    surprises: [...results.flatMap((result) => surprise(result, expectations)), ...unknown(results, options)],
    failures: results
      .filter((result) => !isPassed(result))
      .map((result) => ({ ...result, reason: expectations[result.id]?.reason ?? "" })),
    results,
  };
}

export function formatCacheTestsReport(report: CacheTestsReport): string {
  const line = (name: string, cells: readonly (number | string)[]): string =>
    `${name.padEnd(10)}${cells.map((cell) => String(cell).padStart(8)).join("")}`;
  return [
    line("kind", ["tests", "passed", "failed"]),
    ...report.kinds.map(({ kind, tests, passed, failed }) => line(kind, [tests, passed, failed])),
    ...report.goals.map(({ name, goal, value, met }) => `${name}: ${value} (goal ${goal}): ${met ? "met" : "NOT MET"}`),
    `${report.surprises.length} results differ from test/cache-tests/expectations.json`,
    ...report.surprises.map(({ id, kind, message }) => `  ${kind}: ${id}: ${message}`),
    "",
  ].join("\n");
}

function countOf(kind: TestKind, results: readonly TestResult[]): KindCount {
  const own = results.filter((result) => result.kind === kind);
  const passed = own.filter(isPassed).length;
  const failed = own.filter((result) => !isPassed(result) && result.verdict !== "dependency_fail").length;
  return { kind, tests: own.length, passed, failed };
}

/** Required tests that failed by themselves, and not by design. */
function defectsOf(results: readonly TestResult[], expectations: Expectations): number {
  return results.filter(({ id, kind, verdict }) => {
    const isFailed = kind === "required" && verdict !== "pass" && verdict !== "dependency_fail";
    return isFailed && !(Object.hasOwn(expectations, id) && expectations[id]?.byDesign === true);
  }).length;
}

function goalsOf(counts: readonly KindCount[], defects: number): readonly GoalResult[] {
  const of = (kind: TestKind): KindCount | undefined => counts.find((count) => count.kind === kind);
  const required = { name: "required tests passed", comparison: "at-least", bound: 155, scale: "of 160" } as const;
  const optimal = { name: "optimal tests passed", comparison: "at-least", bound: 88, scale: "of 105" } as const;
  const failed = {
    name: "required tests failed, but for those by design",
    comparison: "at-most",
    bound: 3,
    scale: "",
  } as const;
  return [
    evaluateGoal(required, of("required")?.passed),
    evaluateGoal(optimal, of("optimal")?.passed),
    evaluateGoal(failed, defects),
  ];
}

function surprise(result: TestResult, expectations: Expectations): readonly Surprise[] {
  const { id, verdict, message } = result;
  const known = Object.hasOwn(expectations, id) ? expectations[id] : undefined;
  if (isPassed(result)) return known === undefined ? [] : [{ id, kind: "unexpected pass", message: known.reason }];
  if (known === undefined) return [{ id, kind: "unexpected failure", message: `${verdict}: ${message}` }];
  if (known.verdict === verdict) return [];
  return [{ id, kind: "another failure", message: `${verdict} instead of ${known.verdict}: ${message}` }];
}

function unknown(
  results: readonly TestResult[],
  { expectations, isWhole }: { readonly expectations: Expectations; readonly isWhole: boolean },
): readonly Surprise[] {
  if (!isWhole) return [];
  const ids = new Set(results.map(({ id }) => id));
  const missing = Object.keys(expectations).filter((id) => !ids.has(id));
  return missing.map((id) => ({ id, kind: "no such test", message: "expectations.json names it" }));
}
