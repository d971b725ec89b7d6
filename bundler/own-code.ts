/** Bundles code of this project itself (guest, isolate host): trusted input, unlike `bundle.ts`; every problem is thrown at once. */
import { dirname, resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import { runEsbuild, type BuildOptions } from "./esbuild.ts";
import { placeOf } from "./report/message-location.ts";

const timeoutMs = 60_000;

export interface OwnBundle {
  readonly code: string;
  /** Names that the entry exports, when the format is `esm`. */
  readonly exports: readonly string[];
  /** Absolute paths of everything that went into it. */
  readonly inputs: readonly string[];
  /** Absolute path of an input → absolute paths of what it imports. */
  readonly importsOf: ReadonlyMap<string, readonly string[]>;
}

/**
 * `entryPath` is absolute; `what` names it in messages. With `options.stdin` that is the entry, and `entryPath` is what it imports.
 * @throws with every problem in the message.
 */
export async function bundleOwnCode(entryPath: string, what: string, options: BuildOptions): Promise<OwnBundle> {
  const directory = dirname(entryPath);
  const outcome = await runEsbuild(
    {
      ...options,
      ...(options.stdin === undefined ? { entryPoints: [entryPath] } : {}),
      absWorkingDir: directory,
      outfile: resolve(directory, "bundle.js"),
      bundle: true,
      legalComments: "none",
      tsconfigRaw: {},
    },
    { timeoutMs, signal: undefined },
  );
  if (outcome.kind === "refused") {
    const problems = outcome.errors.map((error) => ({ path: placeOf(error, entryPath), message: error.text }));
    throw new Error(`Cannot bundle ${what}:\n${formatProblems(problems)}`);
  }
  if (outcome.kind !== "built") throw new Error(`Cannot bundle ${what}: esbuild ${outcome.kind}`);
  const inputs = Object.entries(outcome.metafile.inputs).map(([path, { imports }]) => ({
    path: resolve(directory, path),
    imports: imports.filter(({ external }) => external !== true).map((imported) => resolve(directory, imported.path)),
  }));
  return {
    code: outcome.files[0]?.text ?? "",
    exports: Object.values(outcome.metafile.outputs)[0]?.exports ?? [],
    inputs: inputs.map(({ path }) => path),
    importsOf: new Map(inputs.map(({ path, imports }) => [path, imports])),
  };
}
