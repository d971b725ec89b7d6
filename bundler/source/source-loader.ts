/**
 * Hands the files of one source tree to esbuild, and keeps esbuild away from every other file of the machine.
 *
 * Every module lives in a namespace of ours without a directory on disk, so esbuild itself can resolve and read nothing.
 * Invariant: the bytes and files loaded stay within the bounds of `sdk/limits.ts`.
 */
import { publishLimits } from "../../sdk/limits.ts";
import {
  type OnLoadArgs,
  type OnLoadResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type TsconfigRaw,
  printSource,
} from "../esbuild.ts";
import { explainResolution } from "../resolve/explain-resolution.ts";
import type { ModuleResolver } from "../resolve/module-resolver.ts";
import type { PackageJsonReader } from "../resolve/package-json.ts";
import { readDataUrl } from "./data-url.ts";
import { isFreeOfPatterns, likelyPatternAt, neutralisePatterns } from "./pattern-imports.ts";
import { extensionOf, isInNodeModules, parentOf, type SourcePath } from "./source-path.ts";
import { withOwnMapOnly } from "./source-map-comment.ts";
import { SourceReadError, type SourceTree } from "./source-tree.ts";
import { type WasmFile, wasmImport, WasmImports } from "./wasm-imports.ts";

type CodeLoader = "js" | "jsx" | "ts" | "tsx";
type TextLoader = CodeLoader | "json" | "text";
type Loader = TextLoader | "wasm";

const wasmExtension = ".wasm";

const loaders: Readonly<Record<string, Loader>> = {
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".json": "json",
  ".txt": "text",
  ".text": "text",
  ".html": "text",
  ".md": "text",
  ".sql": "text",
  ".svg": "text",
  [wasmExtension]: "wasm",
};

const mediaTypes: Readonly<Record<string, TextLoader>> = {
  "text/javascript": "js",
  "application/javascript": "js",
  "application/json": "json",
  "text/plain": "text",
};

/** Other edge runtimes' way to say that an import means the compiled module. */
const moduleSuffix = /(\.wasm)\?module$/;

const sourceNamespace = "source";
/** Modules in data: URLs; their names are numbers. */
const dataNamespace = "data";
const emptyNamespace = "empty";
/** Modules of Node.js, from the build step. Its name is what stack traces show: `node:events`. */
const nodeNamespace = "node";
/** The same as CommonJS has them: `require("events")` is the class itself. */
const nodeRequireNamespace = "node-require";
/** Added to the name of a `.js` file in a `"type": "module"` package: esbuild tells ES modules apart by the name's ending. */
const moduleMark = "#.mjs";

const nestingMax = 50_000;

const patternRefusal = "import() or require() of a pattern of names cannot be bundled: write each name out";

const nodePrefix = "node:";
/**
 * Before every path in esbuild's hands: it knows packages, whose authors it spares warnings that users can do nothing about,
 * by a `node_modules` with a slash before it.
 */
const rootMark = "/";

/** What the entry stub imports. */
export const entrySpecifier = "selvage:entry";

/** A name as esbuild prints it (`source:/src/a.js#.mjs`), turned back into the path in the tree. */
export function displayPath(name: string): string {
  const marked = name.startsWith(`${sourceNamespace}:`) ? name.slice(sourceNamespace.length + 1) : name;
  const path = marked.startsWith(rootMark) ? marked.slice(rootMark.length) : marked;
  return path.endsWith(moduleMark) ? path.slice(0, -moduleMark.length) : path;
}

export interface LoaderParts {
  readonly tree: SourceTree;
  readonly packages: PackageJsonReader;
  readonly resolver: ModuleResolver;
  readonly entry: SourcePath;
  /** File name → code of the modules of Node.js; asked for when one is in the bundle. */
  readonly nodeModules: () => Promise<ReadonlyMap<string, string>>;
  /** How the build compiles TypeScript and JSX. */
  readonly tsconfigRaw: TsconfigRaw;
}

export class SourceLoader {
  readonly #parts: LoaderParts;
  /** `importer specifier` → why it was not found, for messages that only esbuild can place. */
  readonly #refusals = new Map<string, string>();
  readonly #wasm = new WasmImports();
  /** URL → the name of its module. */
  readonly #dataUrls = new Map<string, string>();
  #bytes = 0;
  #files = 0;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /** The esbuild plugin. One loader serves one build. */
  plugin(): Plugin {
    return {
      name: "selvage-source",
      setup: (build) => {
        build.onResolve({ filter: /.*/ }, (args) => this.#resolve(args));
        build.onLoad({ filter: /.*/, namespace: sourceNamespace }, (args) => this.#load(args));
        build.onLoad({ filter: /.*/, namespace: dataNamespace }, (args) => this.#loadData(args));
        build.onLoad({ filter: /.*/, namespace: emptyNamespace }, () => ({ contents: "module.exports = {};" }));
        build.onLoad({ filter: /.*/, namespace: nodeNamespace }, ({ path }) => this.#loadNodeModule(path));
        build.onLoad({ filter: /.*/, namespace: nodeRequireNamespace }, ({ path }) => ({
          contents: `module.exports = require("node:${path}").default;`,
        }));
        // Nothing leads here; if esbuild ever finds a file by itself, it still does not read it.
        build.onLoad({ filter: /.*/, namespace: "file" }, () => ({ errors: [{ text: patternRefusal }] }));
      },
    };
  }

  /** Why `specifier` was not found in `importer`, when this loader knows. */
  refusalOf(importer: SourcePath, specifier: string): string | undefined {
    return this.#refusals.get(`${importer} ${specifier}`);
  }

  /** The WebAssembly modules that were imported. */
  wasmFiles(): readonly WasmFile[] {
    return this.#wasm.files();
  }

  async #resolve(args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    if (args.path === entrySpecifier && args.namespace !== sourceNamespace) return this.#found(this.#parts.entry);
    if (args.namespace !== sourceNamespace && args.path.startsWith(nodePrefix)) {
      return nodeModule(args.path.slice(nodePrefix.length));
    }
    if (args.path.startsWith("data:")) return this.#foundData(args.path);
    const isInData = args.namespace === dataNamespace;
    if (isInData && args.path.startsWith(".")) {
      return { errors: [{ text: `Cannot find "${args.path}": a data: URL lies in no folder` }] };
    }
    const importer = isInData ? "" : displayPath(args.importer);
    const resolution = await this.#parts.resolver.resolve({
      specifier: args.path.replace(moduleSuffix, "$1"),
      directory: parentOf(importer),
      kind: args.kind === "require-call" || args.kind === "require-resolve" ? "require" : "import",
    });
    if (resolution.kind === "empty") return { path: "browser-false", namespace: emptyNamespace, sideEffects: false };
    if (resolution.kind === "node-module") {
      if (args.kind !== "require-call") return nodeModule(resolution.file);
      return { path: resolution.file, namespace: nodeRequireNamespace };
    }
    if (resolution.kind === "file") {
      const refusal = loaderOf(resolution.path, args.with) === null ? cannotImport(resolution.path) : null;
      return refusal === null ? this.#found(resolution.path) : { errors: [{ text: refusal }] };
    }
    this.#refusals.set(`${importer} ${args.path}`, explainResolution(resolution, args.path));
    // esbuild would leave a URL to a module system that does not exist here; all else it refuses itself, or not in a `try`.
    if (/^(?:https?:)?\/\//.test(args.path)) return { errors: [{ text: explainResolution(resolution, args.path) }] };
    return undefined;
  }

  async #found(path: SourcePath): Promise<OnResolveResult> {
    const own = await this.#parts.packages.enclosing(parentOf(path));
    const inside = own === null || own.directory === "" ? path : path.slice(own.directory.length + 1);
    const isMarked = own?.isModule === true && /\.[jt]sx?$/.test(path);
    return {
      path: rootMark + path + (isMarked ? moduleMark : ""),
      namespace: sourceNamespace,
      sideEffects:
        extensionOf(path) !== wasmExtension &&
        (path === this.#parts.entry || own?.isFreeOfSideEffects(inside) !== true),
    };
  }

  /** esbuild would decode them itself, and what they hold would come past this loader. */
  #foundData(url: string): OnResolveResult {
    const path = this.#dataUrls.get(url) ?? String(this.#dataUrls.size + 1);
    this.#dataUrls.set(url, path);
    return { path, namespace: dataNamespace, pluginData: url };
  }

  async #loadData({ path, pluginData, with: attributes }: OnLoadArgs): Promise<OnLoadResult> {
    const name = `data: URL ${path}`;
    const surplus = this.#countFile(name);
    if (surplus !== null) return surplus;
    const found = readDataUrl(String(pluginData));
    if (found === null) return { errors: [{ text: `${name}: cannot be decoded` }] };
    const loader = typeAttribute(attributes) ?? mediaTypes[found.mediaType];
    if (loader !== undefined) return await this.#toModule(name, { contents: found.bytes, loader });
    const allowed = Object.keys(mediaTypes).join(" ");
    return { errors: [{ text: `${name}: is of type "${found.mediaType}", allowed are ${allowed}` }] };
  }

  async #loadNodeModule(file: string): Promise<OnLoadResult> {
    const contents = (await this.#parts.nodeModules()).get(file);
    if (contents === undefined) throw new Error(`Cannot bundle node:${file}: the build step did not make it`);
    return { contents, loader: "js" };
  }

  async #load(args: OnLoadArgs): Promise<OnLoadResult> {
    const path = displayPath(args.path);
    const loader = loaderOf(path, args.with);
    if (loader === null) return { errors: [{ text: cannotImport(path) }] };
    const surplus = this.#countFile(path);
    if (surplus !== null) return surplus;
    try {
      const contents = await this.#parts.tree.read(path, publishLimits.sourceBytesMax - this.#bytes);
      this.#bytes += contents.byteLength;
      if (loader === "wasm") return wasmResult(this.#wasm.add(path, contents));
      return await this.#toModule(path, { contents, loader });
    } catch (error) {
      if (!(error instanceof SourceReadError)) throw error;
      return { errors: [{ text: `${path}: ${error.message}` }] };
    }
  }

  /** An error for one file too many. */
  #countFile(name: string): OnLoadResult | null {
    this.#files += 1;
    const { sourceFilesMax } = publishLimits;
    if (this.#files <= sourceFilesMax) return null;
    return { errors: [{ text: `${name}: is one file too many, allowed are ${String(sourceFilesMax)}` }] };
  }

  async #toModule(
    path: SourcePath,
    { contents, loader }: { readonly contents: Uint8Array; readonly loader: TextLoader },
  ): Promise<OnLoadResult> {
    if (loader === "json" || loader === "text") return { contents, loader };
    const code = new TextDecoder().decode(contents);
    if (isNestedTooDeeply(code)) return { errors: [{ text: `${path}: is nested too deeply` }] };
    return await this.#withoutPatterns(path, { code: withOwnMapOnly(code), loader });
  }

  /** Imports of a pattern of names are refused in the author's code, and fail when they run in packages. */
  async #withoutPatterns(
    path: SourcePath,
    { code, loader }: { code: string; loader: CodeLoader },
  ): Promise<OnLoadResult> {
    if (isFreeOfPatterns(code)) return { contents: code, loader };
    const printed = await printSource(code, { loader, tsconfigRaw: this.#parts.tsconfigRaw, name: path });
    const neutral = printed === null ? null : neutralisePatterns(printed);
    if (neutral === null) return { contents: code, loader };
    if (isInNodeModules(path)) return { contents: withOwnMapOnly(neutral), loader: "js" };
    return refuseAt(path, code, likelyPatternAt(code) ?? 0);
  }
}

function nodeModule(file: string): OnResolveResult {
  return { path: file, namespace: nodeNamespace, sideEffects: false };
}

/** Whether brackets open so deep that esbuild's parser would end for lack of stack. Counts those in strings too: none is as deep. */
function isNestedTooDeeply(code: string): boolean {
  let depth = 0;
  for (let at = 0; at < code.length; at += 1) {
    const char = code.charCodeAt(at);
    if (char === 0x28 || char === 0x5b || char === 0x7b) depth += 1;
    else if ((char === 0x29 || char === 0x5d || char === 0x7d) && depth > 0) depth -= 1;
    if (depth > nestingMax) return true;
  }
  return false;
}

/** An error of esbuild at `offset` of `code`. */
function refuseAt(path: SourcePath, code: string, offset: number): OnLoadResult {
  const before = code.slice(0, offset).split("\n");
  const line = before.length;
  const lineText = code.split("\n", line)[line - 1] ?? "";
  const column = Buffer.byteLength(before.at(-1) ?? "");
  return { errors: [{ text: patternRefusal, location: { file: path, line, column, lineText } }] };
}

function wasmResult(added: ReturnType<WasmImports["add"]>): OnLoadResult {
  if (!added.ok) return { errors: [{ text: added.message }] };
  return { contents: wasmImport(added.digest), loader: "js" };
}

function loaderOf(path: SourcePath, attributes: Readonly<Record<string, string>>): Loader | null {
  if (extensionOf(path) === wasmExtension) return "wasm";
  return typeAttribute(attributes) ?? loaders[extensionOf(path)] ?? null;
}

function typeAttribute({ type }: Readonly<Record<string, string>>): "json" | "text" | null {
  return type === "json" || type === "text" ? type : null;
}

function cannotImport(path: SourcePath): string {
  const extension = extensionOf(path);
  if (extension === ".node") return `${path}: native add-ons cannot run at the edge`;
  return `${path}: files of type "${extension}" cannot be imported, allowed are ${Object.keys(loaders).join(" ")}`;
}
