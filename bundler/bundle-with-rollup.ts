/**
 * Bundles a project with its own rollup configuration into one ES module without imports.
 *
 * Runs the project's plugins, so it is for the author's machine only and never part of the control plane. What it returns
 * is bundled once more by `bundle.ts`, which trusts none of it.
 */
import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { publishLimits } from "../sdk/limits.ts";
import type { Problem } from "../sdk/problem.ts";
import { builtinAdvice } from "./node-builtins.ts";
import { nodeModuleOf } from "./node-modules.ts";
import { type InputOptions, type OutputChunk, type RollupLog, type RollupOptions, loadRollup } from "./rollup.ts";

export interface RollupProject {
  /** Absolute. */
  readonly root: string;
  /** Relative to the root. */
  readonly entry: string;
  /** Relative to the root; default `rollup.config.js`, `.mjs` or `.ts`, whichever is there. */
  readonly configFile?: string;
}

export type RollupResult =
  | { readonly ok: true; readonly code: string; readonly sourceMap: string; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const configNames = ["rollup.config.js", "rollup.config.mjs", "rollup.config.ts"];

/** Bundles; every problem of the project is returned, also what its configuration throws. */
export async function bundleWithRollup(project: RollupProject): Promise<RollupResult> {
  const { root, entry } = project;
  const configFile = project.configFile ?? configNames.find((name) => existsSync(join(root, name)));
  if (configFile === undefined) {
    return refuse(root, `has none of ${configNames.join(", ")}: --bundler rollup runs the project's own configuration`);
  }
  if (!existsSync(join(root, configFile))) return refuse(configFile, "does not exist");
  if (!existsSync(join(root, entry))) return refuse(entry, "does not exist");
  const warnings: string[] = [];
  try {
    const config = await loadConfig(join(root, configFile));
    const { rollup } = await loadRollup(root);
    const build = await rollup(inputOptions(config, { root, entry, warnings }));
    try {
      const file = join(root, "bundle.mjs");
      const { output } = await build.generate({ format: "es", file, sourcemap: true, inlineDynamicImports: true });
      return fromChunk(output[0], { project, warnings });
    } finally {
      await build.close();
    }
  } catch (error) {
    return { ok: false, problems: [problemFrom(error, { root, fallback: configFile })] };
  }
}

/** A configuration may be an object, a list of them, or a function that returns either. */
async function loadConfig(path: string): Promise<RollupOptions> {
  const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  const exported: unknown =
    typeof loaded.default === "function"
      ? await (loaded.default as (args: object) => unknown)({})
      : await loaded.default;
  const first: unknown = Array.isArray(exported) ? exported[0] : exported;
  if (typeof first !== "object" || first === null) throw new Error("exports no configuration as its default");
  return first;
}

function inputOptions(
  config: RollupOptions,
  { root, entry, warnings }: { readonly root: string; readonly entry: string; readonly warnings: string[] },
): InputOptions {
  const { output: _output, watch: _watch, external: _external, ...input } = config;
  return {
    ...input,
    input: join(root, entry),
    onwarn: (warning) => {
      // An unresolved import stays in the chunk and is refused there.
      if (warning.code !== "UNRESOLVED_IMPORT")
        warnings.push(`${placeOf(warning, { root, fallback: entry })}: ${warning.message}`);
    },
  };
}

function fromChunk(
  chunk: OutputChunk,
  { project, warnings }: { readonly project: RollupProject; readonly warnings: readonly string[] },
): RollupResult {
  const { entry } = project;
  // Node's modules that functions have are found when the chunk is bundled once more.
  const left = [...chunk.imports, ...chunk.dynamicImports].filter((name) => nodeModuleOf(name) === null);
  if (left.length > 0)
    return { ok: false, problems: left.map((name) => ({ path: entry, message: cannotResolve(name) })) };
  if (!chunk.exports.includes("default")) {
    return refuse(entry, "has no default export: export the hooks as `export default { … }`");
  }
  const bytes = Buffer.byteLength(chunk.code);
  if (bytes > publishLimits.bundleBytesMax) {
    const allowed = String(publishLimits.bundleBytesMax);
    return refuse(entry, `the bundle has ${String(bytes)} bytes, allowed are ${allowed}`);
  }
  return { ok: true, code: chunk.code, sourceMap: chunk.map?.toString() ?? "", warnings };
}

function cannotResolve(name: string): string {
  const advice = builtinAdvice(name);
  if (advice !== null) return `Cannot import the Node.js built-in "${name}": ${advice}`;
  return `Cannot find "${name}": rollup finds packages only with a plugin such as @rollup/plugin-node-resolve`;
}

interface PlaceContext {
  readonly root: string;
  readonly fallback: string;
}

function problemFrom(error: unknown, context: PlaceContext): Problem {
  if (!(error instanceof Error)) return { path: context.fallback, message: String(error) };
  const log: Partial<RollupLog> = error;
  const { plugin } = log;
  const by = plugin === undefined ? "" : ` (plugin ${plugin})`;
  return { path: placeOf(log, context), message: `${error.message}${by}` };
}

/** rollup counts columns from 0. */
function placeOf({ loc, id }: Partial<RollupLog>, { root, fallback }: PlaceContext): string {
  if (loc !== undefined) {
    return `${pathIn(root, loc.file ?? id ?? fallback)}:${String(loc.line)}:${String(loc.column + 1)}`;
  }
  return id === undefined ? fallback : pathIn(root, id);
}

function pathIn(root: string, path: string): string {
  return isAbsolute(path) ? relative(resolve(root), path).split(sep).join("/") : path;
}

function refuse(path: string, message: string): RollupResult {
  return { ok: false, problems: [{ path, message }] };
}
