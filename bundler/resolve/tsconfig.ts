/**
 * What a project's tsconfig.json says about how its sources become JavaScript and how imports are named.
 *
 * Only the tree is read: an `extends` or a path that leaves it is a problem. Options that only matter to type checking are ignored.
 */
import type { Problem } from "../../sdk/problem.ts";
import { ancestorsOf, joinPath, parentOf, type SourcePath } from "../source/source-path.ts";
import { SourceReadError, type SourceTree } from "../source/source-tree.ts";
import { parseJsonc } from "./jsonc.ts";
import { isRecord } from "./package-json.ts";

/** Of one project, a file counted as often as it is extended. */
const tsconfigFilesMax = 64;
const tsconfigBytesMax = 1_048_576;
/** What they are told of at most; a second look finds the rest. */
const problemsMax = 50;

/** The options that esbuild takes over as they are. */
const takenOver = [
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
  "experimentalDecorators",
  "useDefineForClassFields",
  "verbatimModuleSyntax",
] as const;

export interface Tsconfig {
  readonly compilerOptions: Readonly<Record<string, string | boolean>>;
  /** Bare imports are looked up here too. */
  readonly baseDirectory: SourcePath | null;
  /** `paths`: patterns with at most one star → places to look, relative to the root of the tree. */
  readonly paths: readonly { readonly pattern: string; readonly places: readonly SourcePath[] }[];
}

export const emptyTsconfig: Tsconfig = { compilerOptions: {}, baseDirectory: null, paths: [] };

/** Reads the tsconfig.json nearest to `directory`, upwards. Problems are added to `problems`. */
export async function readTsconfig(
  tree: SourceTree,
  { directory, problems }: { readonly directory: SourcePath; readonly problems: Problem[] },
): Promise<Tsconfig> {
  for (const at of ancestorsOf(directory)) {
    const path = joinPath(at, "tsconfig.json");
    if (path === null || (await tree.find(path))?.kind !== "file") continue;
    return new TsconfigReader(tree, problems).read(path);
  }
  return emptyTsconfig;
}

class TsconfigReader {
  readonly #tree: SourceTree;
  readonly #problems: Problem[];
  /** Read so far. */
  #files = 0;
  #bytes = 0;

  constructor(tree: SourceTree, problems: Problem[]) {
    this.#tree = tree;
    this.#problems = problems;
  }

  /** `below`: the files that lead here by what they extend. */
  async read(path: SourcePath, below: readonly SourcePath[] = []): Promise<Tsconfig> {
    this.#files += 1;
    const value = await this.#parse(path);
    if (!isRecord(value)) return emptyTsconfig;
    const chain = [...below, path];
    let base = emptyTsconfig;
    for (const name of extendsList(value["extends"])) {
      const found = await this.#findExtended(path, name);
      const refusal = found === null ? "is not in the uploaded source" : this.#refusalOf(found, chain);
      if (found === null || refusal !== null) {
        this.#report(path, `extends "${name}", which ${refusal ?? ""}`);
        return emptyTsconfig;
      }
      base = overlay(base, await this.read(found, chain));
    }
    const options = value["compilerOptions"];
    return isRecord(options) ? overlay(base, this.#readOptions(path, options)) : base;
  }

  #refusalOf(found: SourcePath, chain: readonly SourcePath[]): string | null {
    if (chain.includes(found)) return "extends it in turn";
    if (this.#files < tsconfigFilesMax) return null;
    return `is one file too many, allowed are ${String(tsconfigFilesMax)}`;
  }

  async #parse(path: SourcePath): Promise<unknown> {
    try {
      const bytes = await this.#tree.read(path, tsconfigBytesMax - this.#bytes);
      this.#bytes += bytes.byteLength;
      return parseJsonc(new TextDecoder().decode(bytes));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof SourceReadError)) throw error;
      this.#report(path, `cannot be read: ${error.message}`);
      return null;
    }
  }

  async #findExtended(from: SourcePath, name: string): Promise<SourcePath | null> {
    const places = name.startsWith(".")
      ? [joinPath(parentOf(from), name)]
      : [...ancestorsOf(parentOf(from))].map((at) => joinPath(at, `node_modules/${name}`));
    for (const place of places) {
      if (place === null) continue;
      for (const path of [place, `${place}.json`, `${place}/tsconfig.json`]) {
        const entry = await this.#tree.find(path);
        if (entry?.kind === "file") return entry.path;
      }
    }
    return null;
  }

  #readOptions(path: SourcePath, options: Readonly<Record<string, unknown>>): Tsconfig {
    const directory = parentOf(path);
    const compilerOptions: Record<string, string | boolean> = {};
    for (const key of takenOver) {
      const value = options[key];
      if (typeof value === "string" || typeof value === "boolean") compilerOptions[key] = value;
    }
    const { baseUrl, paths } = options;
    const baseDirectory = typeof baseUrl === "string" ? this.#inside(path, directory, baseUrl) : null;
    return {
      compilerOptions,
      baseDirectory,
      paths: isRecord(paths) ? this.#readPaths(path, baseDirectory ?? directory, paths) : [],
    };
  }

  #readPaths(file: SourcePath, base: SourcePath, paths: Readonly<Record<string, unknown>>): Tsconfig["paths"] {
    return Object.entries(paths).map(([pattern, targets]) => ({
      pattern,
      places: (Array.isArray(targets) ? (targets as readonly unknown[]) : [])
        .filter((target) => typeof target === "string")
        .map((target) => this.#inside(file, base, target))
        .filter((place) => place !== null),
    }));
  }

  #inside(file: SourcePath, base: SourcePath, target: string): SourcePath | null {
    const place = joinPath(base, target);
    if (place === null) this.#report(file, `names "${target}", which is outside the source`);
    return place;
  }

  #report(path: SourcePath, message: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push({ path, message });
  }
}

function extendsList(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((name) => typeof name === "string");
}

function overlay(base: Tsconfig, own: Tsconfig): Tsconfig {
  return {
    compilerOptions: { ...base.compilerOptions, ...own.compilerOptions },
    baseDirectory: own.baseDirectory ?? base.baseDirectory,
    paths: own.paths.length > 0 ? own.paths : base.paths,
  };
}
