/**
 * Bundles the guest: the project's own code that every isolate runs before an author's. Trusted input, unlike `bundle.ts`.
 *
 * Names stay readable, so that stacks inside the guest can be read without a source map.
 */
import { dirname, resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import { runEsbuild } from "./esbuild.ts";
import { placeOf } from "./report/message-location.ts";

const timeoutMs = 60_000;

export interface GuestOptions {
  /** Absolute. */
  readonly entryPath: string;
  /** Package or package file → replacement, relative to the entry's directory. */
  readonly aliases: Readonly<Record<string, string>>;
}

export interface GuestBundle {
  /** One classic script. */
  readonly code: string;
  /** Absolute paths of everything that went into it. */
  readonly inputs: readonly string[];
}

/** @throws with every problem in the message when the guest cannot be bundled. */
export async function bundleGuest({ entryPath, aliases }: GuestOptions): Promise<GuestBundle> {
  const directory = dirname(entryPath);
  const outcome = await runEsbuild(
    {
      entryPoints: [entryPath],
      absWorkingDir: directory,
      outfile: resolve(directory, "guest.js"),
      alias: Object.fromEntries(Object.entries(aliases).map(([name, path]) => [name, resolve(directory, path)])),
      bundle: true,
      format: "iife",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["browser", "import", "default"],
      target: "es2024",
      legalComments: "none",
      minifyWhitespace: true,
      minifySyntax: true,
      define: { "process.env.NODE_ENV": '"production"' },
      tsconfigRaw: {},
    },
    { timeoutMs, signal: undefined },
  );
  if (outcome.kind === "refused") {
    const problems = outcome.errors.map((error) => ({ path: placeOf(error, entryPath), message: error.text }));
    throw new Error(`Cannot bundle the guest:\n${formatProblems(problems)}`);
  }
  if (outcome.kind !== "built") throw new Error(`Cannot bundle the guest: esbuild ${outcome.kind}`);
  return {
    code: outcome.files[0]?.text ?? "",
    inputs: Object.keys(outcome.metafile.inputs).map((path) => resolve(directory, path)),
  };
}
