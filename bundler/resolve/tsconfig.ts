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

const extendsDepthMax = 16;
const tsconfigBytesMax = 1_048_576;

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
    return new TsconfigReader(tree, problems).read(path, 0);
  }
  return emptyTsconfig;
}

class TsconfigReader {
  readonly #tree: SourceTree;
  readonly #problems: Problem[];

  constructor(tree: SourceTree, problems: Problem[]) {
    this.#tree = tree;
    this.#problems = problems;
  }

  async read(path: SourcePath, depth: number): Promise<Tsconfig> {
    const value = await this.#parse(path);
    if (!isRecord(value)) return emptyTsconfig;
    let base = emptyTsconfig;
    for (const name of extendsList(value["extends"])) {
      const found = depth < extendsDepthMax ? await this.#findExtended(path, name) : null;
      if (found === null) this.#problems.push({ path, message: cannotExtend(name) });
      else base = overlay(base, await this.read(found, depth + 1));
    }
    const options = value["compilerOptions"];
    return isRecord(options) ? overlay(base, this.#readOptions(path, options)) : base;
  }

  async #parse(path: SourcePath): Promise<unknown> {
    try {
      return parseJsonc(new TextDecoder().decode(await this.#tree.read(path, tsconfigBytesMax)));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof SourceReadError)) throw error;
      this.#problems.push({ path, message: `cannot be read: ${error.message}` });
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
    if (place === null) this.#problems.push({ path: file, message: `names "${target}", which is outside the source` });
    return place;
  }
}

function cannotExtend(name: string): string {
  return `extends "${name}", which is not in the uploaded source (or extends itself)`;
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
