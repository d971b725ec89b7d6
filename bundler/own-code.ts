/** Bundles code of this project itself (guest, isolate host): trusted input, unlike `bundle.ts`; every problem is thrown at once. */
import { dirname, resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import { runEsbuild, type BuildOptions } from "./esbuild.ts";
import { placeOf } from "./report/message-location.ts";

const timeoutMs = 60_000;

export interface OwnBundle {
  readonly code: string;
  /** Absolute paths of everything that went into it. */
  readonly inputs: readonly string[];
}

/** `entryPath` is absolute; `what` names it in messages. @throws with every problem in the message. */
export async function bundleOwnCode(entryPath: string, what: string, options: BuildOptions): Promise<OwnBundle> {
  const directory = dirname(entryPath);
  const outcome = await runEsbuild(
    {
      ...options,
      entryPoints: [entryPath],
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
  return {
    code: outcome.files[0]?.text ?? "",
    inputs: Object.keys(outcome.metafile.inputs).map((path) => resolve(directory, path)),
  };
}
