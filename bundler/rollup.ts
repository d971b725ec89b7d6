/**
 * The door to rollup: the only importer of the package. Prefers the rollup that the project itself has installed, since its
 * plugins were chosen for that one.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as ownRollup from "rollup";

export type { InputOptions, OutputChunk, RollupLog, RollupOptions } from "rollup";

export type Rollup = Pick<typeof ownRollup, "rollup" | "VERSION">;

/** The project's rollup, or ours when it has none. */
export async function loadRollup(projectRoot: string): Promise<Rollup> {
  let path: string;
  try {
    path = createRequire(join(projectRoot, "package.json")).resolve("rollup");
  } catch {
    return ownRollup;
  }
  const loaded = (await import(pathToFileURL(path).href)) as Partial<Rollup> & { readonly default?: Partial<Rollup> };
  const found = typeof loaded.rollup === "function" ? loaded : loaded.default;
  if (typeof found?.rollup !== "function") throw new Error(`Cannot use the project's rollup: ${path} has no rollup()`);
  return { rollup: found.rollup, VERSION: found.VERSION ?? "unknown" };
}
