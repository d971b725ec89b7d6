/**
 * What a dependency's archive means: which of its files are which packages, as in a folder `node_modules`. Pure.
 *
 * Three forms: packages below `node_modules/`; a package at the root (its package.json or index file is there), which has the dependency's name;
 * else each folder at the root is a package. The first may go with one of the others. Invariant: every file is inside a package.
 */
import type { ArchiveFile } from "../sdk/code-archive.ts";
import { dependencyLimits } from "../sdk/code-limits.ts";

/** One dependency as a function is bundled with it. */
export interface BundledDependency {
  readonly name: string;
  readonly version: number;
  readonly files: readonly ArchiveFile[];
}

export type PlacedPackages =
  | { readonly ok: true; readonly files: ReadonlyMap<string, Uint8Array>; readonly packages: readonly string[] }
  | { readonly ok: false; readonly reason: string };

const modulesFolder = "node_modules/";

/** Paths are those inside the folder of packages, such as `left-pad/index.js`; `packages` are their names, sorted. */
export function placePackages(name: string, files: readonly ArchiveFile[]): PlacedPackages {
  const known = files.filter(({ path }) => !isLeftover(path));
  const inner = known.filter(({ path }) => path.startsWith(modulesFolder));
  const own = known.filter(({ path }) => !path.startsWith(modulesFolder));
  const isOnePackage = own.some(({ path }) => /^(?:package\.json|index\.(?:[cm]?[jt]s|[jt]sx|json))$/.test(path));
  const placed = new Map<string, Uint8Array>();
  for (const { path, bytes } of own) {
    const at = isOnePackage ? `${name}/${path}` : path;
    if (packageOf(at) !== null) placed.set(at, bytes);
  }
  const ownNames = namesOf(placed.keys());
  for (const { path, bytes } of inner) {
    const at = path.slice(modulesFolder.length);
    const owner = packageOf(at);
    if (owner !== null && !ownNames.has(owner)) placed.set(at, bytes);
  }
  const { pathCharsMax } = dependencyLimits;
  const long = [...placed.keys()].find((path) => path.length > pathCharsMax);
  if (long !== undefined) {
    return {
      ok: false,
      reason: `the path ${long.slice(0, 100)}… is too long, allowed: ${String(pathCharsMax)} characters`,
    };
  }
  if (placed.size > 0) return { ok: true, files: placed, packages: [...namesOf(placed.keys())].toSorted() };
  return {
    ok: false,
    reason:
      "it holds no package, allowed: a package.json or index.js at its root, a folder node_modules, or a folder for each package",
  };
}

function namesOf(paths: Iterable<string>): ReadonlySet<string> {
  return new Set([...paths].flatMap((path) => packageOf(path) ?? []));
}

/** The package that a path inside the folder of packages belongs to; null: none. */
function packageOf(path: string): string | null {
  return /^((?:@[^/@]+\/)?[^/@.][^/]*)\/./.exec(path)?.[1] ?? null;
}

/** What operating systems and package managers leave in archives. */
function isLeftover(path: string): boolean {
  return /^(?:\.|__MACOSX\/|node_modules\/\.)/.test(path);
}
