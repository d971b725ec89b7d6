/**
 * Bundles the isolate host's entry with everything of ours it needs into one module: nothing to resolve, nothing to strip of types at its start.
 * isolated-vm stays outside: it is a native add-on. Trusted input, unlike `bundle.ts`.
 */
import { dirname, resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import type { GuestBundle } from "./bundle-guest.ts";
import { runEsbuild } from "./esbuild.ts";
import { placeOf } from "./report/message-location.ts";

const timeoutMs = 60_000;

/** One ES module for Node 24. `entryPath` is absolute. @throws with every problem in the message when it cannot be bundled. */
export async function bundleHost(entryPath: string): Promise<GuestBundle> {
  const directory = dirname(entryPath);
  const outcome = await runEsbuild(
    {
      entryPoints: [entryPath],
      absWorkingDir: directory,
      outfile: resolve(directory, "isolate-host.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node24",
      external: ["isolated-vm"],
      legalComments: "none",
      tsconfigRaw: {},
    },
    { timeoutMs, signal: undefined },
  );
  if (outcome.kind === "refused") {
    const problems = outcome.errors.map((error) => ({ path: placeOf(error, entryPath), message: error.text }));
    throw new Error(`Cannot bundle the isolate host:\n${formatProblems(problems)}`);
  }
  if (outcome.kind !== "built") throw new Error(`Cannot bundle the isolate host: esbuild ${outcome.kind}`);
  return {
    code: outcome.files[0]?.text ?? "",
    inputs: Object.keys(outcome.metafile.inputs).map((path) => resolve(directory, path)),
  };
}
