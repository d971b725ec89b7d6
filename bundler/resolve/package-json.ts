/**
 * The fields of a package.json that decide how modules are found and treated. A malformed field counts as absent.
 */
import { parentOf, type SourcePath } from "../source/source-path.ts";
import { SourceReadError, type SourceTree } from "../source/source-tree.ts";
import { matchesGlob } from "./match-glob.ts";

const packageJsonBytesMax = 1_048_576;

export interface PackageJson {
  /** The directory that holds it. */
  readonly directory: SourcePath;
  readonly name: string | null;
  /** `.js` files are ES modules. */
  readonly isModule: boolean;
  readonly exports: unknown;
  readonly imports: unknown;
  readonly fields: { readonly browser: string | null; readonly module: string | null; readonly main: string | null };
  /** The object form of `browser`: specifier or relative file → replacement, or false for an empty module. */
  readonly browserMap: ReadonlyMap<string, string | false>;
  /** Whether importing `path` (relative to the package) for nothing may be left out. */
  isFreeOfSideEffects(path: string): boolean;
}

/** Reads and caches every package.json of one tree. */
export class PackageJsonReader {
  readonly #tree: SourceTree;
  readonly #cache = new Map<SourcePath, Promise<PackageJson | null>>();

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  /** The package.json in `directory` itself; null when absent or not JSON. */
  in(directory: SourcePath): Promise<PackageJson | null> {
    let found = this.#cache.get(directory);
    if (found === undefined) {
      found = this.#read(directory);
      this.#cache.set(directory, found);
    }
    return found;
  }

  /** The package.json that governs files in `directory`: the nearest one upwards, not beyond `node_modules`. */
  async enclosing(directory: SourcePath): Promise<PackageJson | null> {
    for (let at = directory; ; at = parentOf(at)) {
      if (at === "node_modules" || at.endsWith("/node_modules")) return null;
      const found = await this.in(at);
      if (found !== null || at === "") return found;
    }
  }

  async #read(directory: SourcePath): Promise<PackageJson | null> {
    const entry = await this.#tree.find(directory === "" ? "package.json" : `${directory}/package.json`);
    if (entry?.kind !== "file") return null;
    try {
      const bytes = await this.#tree.read(entry.path, packageJsonBytesMax);
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return isRecord(value) ? readPackage(directory, value) : null;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof SourceReadError) return null;
      throw error;
    }
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readPackage(directory: SourcePath, value: Readonly<Record<string, unknown>>): PackageJson {
  const { name, type, main, module, browser, exports, imports, sideEffects } = value;
  return {
    directory,
    name: textOrNull(name),
    isModule: type === "module",
    exports,
    imports,
    fields: { browser: textOrNull(browser), module: textOrNull(module), main: textOrNull(main) },
    browserMap: readBrowserMap(browser),
    isFreeOfSideEffects: sideEffectsTest(sideEffects),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function readBrowserMap(browser: unknown): ReadonlyMap<string, string | false> {
  const map = new Map<string, string | false>();
  if (!isRecord(browser)) return map;
  for (const [from, to] of Object.entries(browser)) {
    if (typeof to === "string" || to === false) map.set(from, to);
  }
  return map;
}

function sideEffectsTest(sideEffects: unknown): (path: string) => boolean {
  if (sideEffects === false) return () => true;
  if (!Array.isArray(sideEffects)) return () => false;
  const patterns = sideEffects.filter((pattern: unknown) => typeof pattern === "string");
  // Braces, brackets and negations are not understood here: such a package keeps everything.
  if (patterns.some((pattern) => /[{}[\]!()]/.test(pattern))) return () => false;
  return (path) => !patterns.some((pattern) => matchesGlob(pattern, path));
}
