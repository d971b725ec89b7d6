/** What a run reported. The numbers of the statuses are testharness.js's own. */

export const subtestStatus = { pass: 0, fail: 1, timeout: 2, notRun: 3, preconditionFailed: 4 } as const;

export interface Subtest {
  readonly name: string;
  readonly status: number;
  readonly message: string;
  readonly stack: string;
}

export interface RunResult {
  /** Why there are no results, or what the harness says of the whole file; empty when all is well. */
  readonly problem: string;
  readonly subtests: readonly Subtest[];
}

const harnessStatus = ["", "a script threw", "the file timed out", "a precondition failed"];

/** Reads the answer of a program (guest/report.js). @throws when it is not such an answer. */
export function parseRunResult(json: string): RunResult {
  const report = JSON.parse(json) as { status: number; message: string; subtests: Subtest[] };
  const said = harnessStatus[report.status] ?? `harness status ${report.status}`;
  return { problem: [said, report.message].filter((text) => text !== "").join(": "), subtests: report.subtests };
}

export function isPassed({ status }: Subtest): boolean {
  return status === subtestStatus.pass;
}

/** Every subtest passed, and the file as a whole. */
export function isGreen({ problem, subtests }: RunResult): boolean {
  return problem === "" && subtests.length > 0 && subtests.every(isPassed);
}
