/**
 * Known failures: which subtests may fail and why. Compared both ways, so that a failure nobody listed and a listed one that
 * passes by now are both told.
 */
import { runName, type TestRun } from "./find-runs.ts";
import { isPassed, type RunResult } from "./subtest.ts";

/** Run (file and variant) → what is known to fail there. */
export type Expectations = Readonly<Record<string, readonly KnownFailure[]>>;

export interface KnownFailure {
  readonly reason: string;
  /** Names of subtests, or "file" when the file as a whole ends with a problem. */
  readonly fails: readonly string[] | "file";
}

export interface Surprise {
  readonly run: string;
  readonly kind: "unexpected failure" | "unexpected pass";
  readonly subtest: string;
  readonly message: string;
}

/** What differs between a result and what is known. */
export function compare(run: TestRun, result: RunResult, expectations: Expectations): readonly Surprise[] {
  const name = runName(run);
  const known = expectations[name] ?? [];
  const mayFail = new Set(known.flatMap(({ fails }) => (fails === "file" ? [] : fails)));
  const surprises: Surprise[] = [];
  const say = (kind: Surprise["kind"], subtest: string, message: string): void => {
    surprises.push({ run: name, kind, subtest, message });
  };
  for (const subtest of result.subtests) {
    if (isPassed(subtest) && mayFail.has(subtest.name)) say("unexpected pass", subtest.name, "");
    if (!isPassed(subtest) && !mayFail.has(subtest.name)) say("unexpected failure", subtest.name, subtest.message);
  }
  const isFileKnown = known.some(({ fails }) => fails === "file");
  if (result.problem !== "" && !isFileKnown) say("unexpected failure", "(the file)", result.problem);
  if (result.problem === "" && isFileKnown) say("unexpected pass", "(the file)", "");
  return surprises;
}
