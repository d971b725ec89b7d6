/**
 * The suite as it lies in its folder: what of it is used, and with which types.
 *
 * Knows its module paths and nothing of nodes. The suite is loaded from outside this project and never changed.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export type TestKind = "required" | "optimal" | "check";

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  /** Absent: required. */
  readonly kind?: TestKind;
  readonly browser_only?: boolean;
  readonly depends_on?: readonly string[];
}

export interface SuiteGroup {
  readonly id: string;
  readonly tests: readonly SuiteTest[];
}

/** true, or the name of the error and its message. */
export type RawResult = true | readonly [name: string, message: string];

export interface Suite {
  readonly groups: readonly SuiteGroup[];
  /** Runs the groups against a base URL and resolves with what came out, by test. */
  run(
    groups: readonly SuiteGroup[],
    options: { readonly baseUrl: string; readonly atOnce: number },
  ): Promise<Readonly<Record<string, RawResult>>>;
  /** The suite's own judgement: one of its result types, by name. */
  judge(id: string, results: Readonly<Record<string, RawResult>>): string;
}

interface RunnerModule {
  runTests(groups: readonly SuiteGroup[], isBrowser: boolean, base: string, atOnce: number): Promise<void>;
  getResults(): Record<string, RawResult>;
}

interface ResultsModule {
  readonly resultTypes: Readonly<Record<string, unknown>>;
  determineTestResult(groups: readonly SuiteGroup[], id: string, results: Readonly<Record<string, RawResult>>): unknown;
}

/** @throws Error when the folder does not hold the suite, or its packages are not installed. */
export async function loadSuite(folder: string): Promise<Suite> {
  const load = async (path: string): Promise<unknown> => await import(pathToFileURL(join(folder, path)).href);
  const tests = (await load("tests/index.mjs")) as { readonly default: readonly SuiteGroup[] };
  const runner = (await load("test-engine/client/runner.mjs")) as RunnerModule;
  const results = (await load("test-engine/lib/results.mjs")) as ResultsModule;
  // Its tests of interim answers load this when they run, and fail without it.
  await load("node_modules/undici/index.js");
  const groups = tests.default;
  return {
    groups,
    run: async (chosen, { baseUrl, atOnce }) => {
      await runner.runTests(chosen, false, baseUrl, atOnce);
      return runner.getResults();
    },
    judge: (id, raw) => {
      const verdict = results.determineTestResult(groups, id, raw);
      return Object.entries(results.resultTypes).find(([, type]) => type === verdict)?.[0] ?? "unknown";
    },
  };
}
