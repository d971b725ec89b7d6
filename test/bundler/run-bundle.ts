/** Bundles sources and runs what comes out, as an instance would: a classic script in a context of its own. */
import { runInNewContext } from "node:vm";
import { bundleSource, type BundleInput, type BundleResult } from "../../bundler/bundle.ts";
import { formatProblems } from "../../sdk/problem.ts";

export type Bundled = Extract<BundleResult, { ok: true }>;

/** Files in memory as bundler input; the entry is `index.ts` unless said otherwise. */
export function filesInput(files: Readonly<Record<string, string>>, entry = "index.ts"): BundleInput {
  const bytes = Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)] as const);
  return { kind: "files", files: new Map(bytes), entry };
}

/** The bundle; fails the test with the problems when there are any. */
export async function bundled(input: BundleInput): Promise<Bundled> {
  const result = await bundleSource(input);
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result;
}

/** `path: message` of every problem; empty when the source was bundled. */
export async function problemsOf(input: BundleInput): Promise<string[]> {
  const result = await bundleSource(input);
  return result.ok ? [] : result.problems.map((problem) => `${problem.path}: ${problem.message}`);
}

/** Runs a bundle and gives the module's exports. */
export function exportsOf(code: string): Readonly<Record<string, unknown>> {
  const context: { __selvageModule?: Readonly<Record<string, unknown>> } = {};
  runInNewContext(code, context, { filename: "function.js", timeout: 1_000 });
  if (context.__selvageModule === undefined) throw new Error("the bundle left no module");
  return context.__selvageModule;
}

/** Bundles files and gives the value of their default export. */
export async function defaultExportOf(files: Readonly<Record<string, string>>, entry = "index.ts"): Promise<unknown> {
  const { code } = await bundled(filesInput(files, entry));
  return exportsOf(code)["default"];
}
