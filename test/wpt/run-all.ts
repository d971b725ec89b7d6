/** Runs tests in several lanes of one node, in order. */
import type { TestRun } from "./find-runs.ts";
import type { ProgramOptions } from "./program.ts";
import { programOf } from "./program.ts";
import type { RunResult } from "./subtest.ts";
import type { TestNode } from "./test-node.ts";

export interface RunAllOptions {
  readonly wptRoot: string;
  readonly serverUrl: string;
  readonly lanes: number;
  /** Time for an ordinary and for a `timeout=long` test before it is asked to report, milliseconds. */
  readonly guardMs: { readonly ordinary: number; readonly long: number };
  readonly onResult: (run: TestRun, result: RunResult) => void;
}

export async function runAll(node: TestNode, runs: readonly TestRun[], options: RunAllOptions): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: options.lanes }, async (_value, lane) => {
      for (let run = runs[next++]; run !== undefined; run = runs[next++]) {
        options.onResult(run, await runOne(node, run, { ...options, lane }));
      }
    }),
  );
}

async function runOne(
  node: TestNode,
  run: TestRun,
  options: RunAllOptions & { readonly lane: number },
): Promise<RunResult> {
  const guardMs = run.meta.isLong ? options.guardMs.long : options.guardMs.ordinary;
  const programOptions: ProgramOptions = { wptRoot: options.wptRoot, serverUrl: options.serverUrl, guardMs };
  return node.run(await programOf(run, programOptions), { lane: options.lane, guardMs });
}
