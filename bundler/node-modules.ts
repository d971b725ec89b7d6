/**
 * The modules of Node.js that functions have: their names, and where the build step left their code. What is not listed here is refused
 * with advice (`node-builtins.ts`).
 *
 * Their sources are `runtime/guest/node`; `npm run build` bundles each into one ES module that imports the others by name, so that an
 * author's bundle holds each at most once, and only those it imports.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Public names, without `node:`. */
export const nodeModuleNames: readonly string[] = [
  "assert",
  "assert/strict",
  "async_hooks",
  "buffer",
  "crypto",
  "diagnostics_channel",
  "events",
  "path",
  "path/posix",
  "perf_hooks",
  "process",
  "punycode",
  "querystring",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "sys",
  "timers",
  "timers/promises",
  "url",
  "util",
  "util/types",
];

/** Names under which npm has a counterpart for browsers: when the author's tree holds it, the bare name means that package. */
const packagesWin: ReadonlySet<string> = new Set(
  "assert buffer events path process punycode querystring string_decoder url util".split(" "),
);

/** The file that holds the code of them all: file name → ES module. */
export const nodeModulesFile = "node-modules.json";

export interface NodeModuleName {
  /** The name of its file in `runtime/guest/node`, without extension. */
  readonly file: string;
  /** Whether a package of this name in the author's tree is meant instead. */
  readonly yields: boolean;
}

/** The module that an author's `specifier` names, with or without `node:`; null when it names none of them. */
export function nodeModuleOf(specifier: string): NodeModuleName | null {
  const isPrefixed = specifier.startsWith("node:");
  const name = isPrefixed ? specifier.slice("node:".length) : specifier;
  if (!nodeModuleNames.includes(name)) return null;
  return { file: fileNameOf(name), yields: !isPrefixed && packagesWin.has(name) };
}

/** `stream/promises` → `stream-promises`; `sys` is an old name of `util`. */
function fileNameOf(name: string): string {
  return name === "sys" || name === "util" ? "util-module" : name.replaceAll(/[/_]/g, "-");
}

/** File name → code. @throws when the build step did not run. */
export async function readNodeModules(projectRoot: string): Promise<ReadonlyMap<string, string>> {
  const path = join(projectRoot, ".build", nodeModulesFile);
  return new Map(Object.entries(JSON.parse(await readFile(path, "utf8")) as Record<string, string>));
}
