/**
 * Source of a function → one classic script that assigns the module's exports to `__selvageModule`, and its source map.
 *
 * The source may be hostile: this file and what it uses read nothing outside the given tree, run none of the source's code,
 * take bounded time, and answer every refusal with the author's file, line and column. The same input gives the same bytes.
 */
import { dirname } from "node:path";
import { publishLimits, webAssemblyLimits } from "../sdk/limits.ts";
import type { Problem } from "../sdk/problem.ts";
import { type BuildOptions, type EsbuildOutcome, type Metafile, type TsconfigRaw, runEsbuild } from "./esbuild.ts";
import { problemsFrom, warningsFrom, type MessageContext } from "./report/explain-message.ts";
import { tidySourceMap } from "./report/tidy-source-map.ts";
import { entryStub, needsNothing, needsOf, type NodeNeeds, optionsFor } from "./node-needs.ts";
import { readNodeModules } from "./node-modules.ts";
import { ModuleResolver } from "./resolve/module-resolver.ts";
import { PackageJsonReader } from "./resolve/package-json.ts";
import { readTsconfig, type Tsconfig } from "./resolve/tsconfig.ts";
import type { BundledDependency } from "./dependency-packages.ts";
import { DirectoryTree } from "./source/directory-tree.ts";
import { MemoryTree } from "./source/memory-tree.ts";
import { mountDependencies } from "./source/mounted-tree.ts";
import { SourceLoader, displayPath } from "./source/source-loader.ts";
import { joinPath, parentOf } from "./source/source-path.ts";
import type { SourceTree } from "./source/source-tree.ts";
import { usesWasm, type WasmFile, withWasm } from "./source/wasm-imports.ts";

export type { WasmFile } from "./source/wasm-imports.ts";

export type BundleInput =
  /** Files below `root` (absolute); `entry` is relative to it. Nobody may change them meanwhile. */
  | { readonly kind: "directory"; readonly root: string; readonly entry: string }
  /** The same, in memory: relative path → bytes. */
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, Uint8Array>; readonly entry: string }
  /** One module without packages. */
  | { readonly kind: "inline"; readonly code: string; readonly language: "js" | "ts" }
  /** One ES module that the author's own tools made, with its source map. */
  | { readonly kind: "bundle"; readonly code: string; readonly sourceMap: string | null };

export interface BundleOptions {
  /** Default false. */
  readonly minify?: boolean;
  /** The module is an event function: its named exports are used, and it need not have a default export. Default false. */
  readonly isEvent?: boolean;
  /** Packages beside those of the source, which come first. Default none. */
  readonly dependencies?: readonly BundledDependency[];
  /** Default `publishLimits.bundleMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type BundleResult =
  | {
      readonly ok: true;
      readonly code: string;
      /** Version 3; sources relative to the root, with their contents. */
      readonly sourceMap: string;
      /** Length of `code` in UTF-8. */
      readonly bytes: number;
      readonly warnings: readonly string[];
      /** Files that went into the bundle, sorted. */
      readonly inputs: readonly string[];
      /** WebAssembly modules that the code imports by their digests, sorted by these. */
      readonly wasm: readonly WasmFile[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The name in which the script leaves the module's exports. */
export const moduleGlobalName = "__selvageModule";

const stubName = "selvage-entry.js";

/** Bundles one function. Problems of the source are returned; only failures of this machine are thrown. */
export async function bundleSource(input: BundleInput, options: BundleOptions = {}): Promise<BundleResult> {
  const { tree: source, entry: wantedEntry } = await openInput(input);
  const { tree, packageFolders } = mountDependencies(source, options.dependencies ?? []);
  const entry = joinPath("", wantedEntry);
  const found = entry === null ? null : await tree.find(entry);
  if (entry === null || found?.kind !== "file") {
    return { ok: false, problems: [{ path: wantedEntry, message: "the entry is not a file of the source" }] };
  }
  const problems: Problem[] = [];
  const tsconfig = await readTsconfig(tree, { directory: parentOf(found.path), problems });
  if (problems.length > 0) return { ok: false, problems };
  const packages = new PackageJsonReader(tree);
  const resolver = new ModuleResolver(tree, packages, { tsconfig, packageFolders });
  const tsconfigRaw = { compilerOptions: runnable(tsconfig) };
  const nodeModules = lazily(() => readNodeModules(dirname(import.meta.dirname)));
  const parts = { tree, packages, resolver, entry: found.path, nodeModules, tsconfigRaw };
  const deadlineMs = performance.now() + (options.timeoutMs ?? publishLimits.bundleMs);
  const run = async (needs: NodeNeeds): Promise<[EsbuildOutcome, MessageContext]> => {
    const loader = new SourceLoader(parts);
    const { minify = false, isEvent = false } = options;
    const outcome = await runEsbuild(buildOptions({ loader, tsconfigRaw, needs, minify, isEvent }), {
      timeoutMs: Math.max(1, deadlineMs - performance.now()),
      signal: options.signal,
    });
    return [outcome, { entry: found.path, stub: stubName, loader }];
  };
  const first = await run(needsNothing);
  const needs = needsOf(first[0]);
  const [outcome, context] = needs.freeGlobals || needs.lowersAsync ? await run(needs) : first;
  return toResult(outcome, context);
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

async function openInput(input: BundleInput): Promise<{ readonly tree: SourceTree; readonly entry: string }> {
  switch (input.kind) {
    case "directory":
      return { tree: await DirectoryTree.open(input.root), entry: input.entry };
    case "files":
      return { tree: new MemoryTree(input.files), entry: input.entry };
    case "inline":
      return oneFile(`index.${input.language}`, input.code);
    case "bundle":
      return oneFile("bundle.mjs", input.sourceMap === null ? input.code : withInlineMap(input.code, input.sourceMap));
  }
}

function oneFile(name: string, code: string): { readonly tree: SourceTree; readonly entry: string } {
  return { tree: new MemoryTree(new Map([[name, new TextEncoder().encode(code)]])), entry: name };
}

/** esbuild chains the map that it finds in the last such comment. */
function withInlineMap(code: string, sourceMap: string): string {
  const base64 = Buffer.from(sourceMap).toString("base64");
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${base64}\n`;
}

function buildOptions({
  loader,
  tsconfigRaw,
  needs,
  minify,
  isEvent,
}: {
  readonly loader: SourceLoader;
  readonly tsconfigRaw: TsconfigRaw;
  readonly needs: NodeNeeds;
  readonly minify: boolean;
  readonly isEvent: boolean;
}): BuildOptions {
  return {
    stdin: { contents: entryStub(needs, { isEvent }), sourcefile: stubName, loader: "js" },
    ...optionsFor(needs),
    absWorkingDir: "/",
    outfile: "/function.js",
    bundle: true,
    format: "iife",
    globalName: moduleGlobalName,
    platform: "neutral",
    target: "es2024",
    charset: "utf8",
    legalComments: "none",
    treeShaking: true,
    minify,
    sourcemap: "external",
    sourcesContent: true,
    // Given, so that esbuild looks for no tsconfig.json on disk.
    tsconfigRaw,
    logOverride: { "unsupported-dynamic-import": "warning", "unsupported-require-call": "warning" },
    plugins: [loader.plugin()],
  };
}

/** `preserve` leaves JSX for another tool and `react-jsxdev` adds the paths of sources; a bundle wants neither. */
function runnable({ compilerOptions }: Tsconfig): NonNullable<TsconfigRaw["compilerOptions"]> {
  const { jsx, ...others } = compilerOptions;
  if (jsx === "react") return { ...others, jsx };
  return jsx === "react-jsx" || jsx === "react-jsxdev" ? { ...others, jsx: "react-jsx" } : others;
}

function toResult(outcome: EsbuildOutcome, context: MessageContext): BundleResult {
  switch (outcome.kind) {
    case "refused":
      return { ok: false, problems: problemsFrom(outcome, context) };
    case "timed-out":
      return refuse(context, "bundling took longer than allowed: is the source generated or endlessly nested?");
    case "aborted":
      return refuse(context, "bundling was cancelled");
    case "crashed":
      return refuse(context, "the bundler cannot parse this source: it is nested too deeply or too large");
    case "built":
      return fromBuilt(outcome, context);
  }
}

function fromBuilt(outcome: Extract<EsbuildOutcome, { kind: "built" }>, context: MessageContext): BundleResult {
  const problems = problemsFrom({ errors: [], warnings: outcome.warnings }, context);
  if (problems.length > 0) return { ok: false, problems };
  const built = {
    code: outcome.files.find((file) => file.path.endsWith(".js"))?.text ?? "",
    sourceMap: tidySourceMap(outcome.files.find((file) => file.path.endsWith(".map"))?.text ?? ""),
  };
  const wasm = context.loader.wasmFiles().filter((file) => usesWasm(built.code, file));
  const { modulesMax } = webAssemblyLimits;
  if (wasm.length > modulesMax) {
    return refuse(
      context,
      `${String(wasm.length)} WebAssembly modules are imported, allowed are ${String(modulesMax)}`,
    );
  }
  const { code, sourceMap } = wasm.length === 0 ? built : withWasm(built);
  const bytes = Buffer.byteLength(code);
  const wasmBytes = wasm.reduce((sum, file) => sum + file.bytes.byteLength, 0);
  if (bytes + wasmBytes > publishLimits.bundleBytesMax) {
    return refuse(context, tooLarge(bytes, { wasmBytes, metafile: outcome.metafile }));
  }
  return {
    ok: true,
    code,
    sourceMap,
    bytes,
    warnings: warningsFrom(outcome.warnings, context),
    inputs: inputsOf(outcome.metafile),
    wasm,
  };
}

function inputsOf(metafile: Metafile): string[] {
  const names = Object.keys(metafile.inputs).filter((name) => name.startsWith("source:"));
  return names.map((name) => displayPath(name)).toSorted();
}

function tooLarge(
  bytes: number,
  { wasmBytes, metafile }: { readonly wasmBytes: number; readonly metafile: Metafile },
): string {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const largest = inputs.toSorted(([, left], [, right]) => right.bytesInOutput - left.bytesInOutput).slice(0, 3);
  const names = largest.map(([name, { bytesInOutput }]) => `${displayPath(name)} (${String(bytesInOutput)} bytes)`);
  const allowed = String(publishLimits.bundleBytesMax);
  const besides = wasmBytes === 0 ? "" : ` and its WebAssembly modules ${String(wasmBytes)}`;
  return `the bundle has ${String(bytes)} bytes${besides}, allowed are ${allowed}; its largest parts are ${names.join(", ")}`;
}

function refuse({ entry }: MessageContext, message: string): BundleResult {
  return { ok: false, problems: [{ path: entry, message }] };
}
