/**
 * A source tree with dependencies in it, each in a folder of packages of its own that only the resolver looks into.
 *
 * Invariant: nothing of the tree below is seen in the place of the dependencies, whatever it holds there.
 */
import { placePackages, type BundledDependency } from "../dependency-packages.ts";
import { MemoryTree } from "./memory-tree.ts";
import type { SourcePath } from "./source-path.ts";
import type { SourceEntry, SourceTree } from "./source-tree.ts";

const place = "node_modules/.dependencies";

export interface Mounted {
  readonly tree: SourceTree;
  /** In the order of the dependencies. */
  readonly packageFolders: readonly SourcePath[];
}

/** @throws when a dependency holds no package: it was checked when it was taken in. */
export function mountDependencies(tree: SourceTree, dependencies: readonly BundledDependency[]): Mounted {
  if (dependencies.length === 0) return { tree, packageFolders: [] };
  const files = new Map<SourcePath, Uint8Array>();
  const packageFolders = dependencies.map(({ name, version, files: archived }) => {
    const placed = placePackages(name, archived);
    if (!placed.ok) throw new Error(`Cannot use the dependency ${name}@${String(version)}: ${placed.reason}`);
    const folder = `${place}/${name}@${String(version)}/node_modules`;
    for (const [path, bytes] of placed.files) files.set(`${folder}/${path}`, bytes);
    return folder;
  });
  return { tree: new MountedTree(tree, new MemoryTree(files)), packageFolders };
}

class MountedTree implements SourceTree {
  readonly #below: SourceTree;
  readonly #dependencies: SourceTree;

  constructor(below: SourceTree, dependencies: SourceTree) {
    this.#below = below;
    this.#dependencies = dependencies;
  }

  async find(path: SourcePath): Promise<SourceEntry | null> {
    return this.#treeOf(path).find(path);
  }

  async read(path: SourcePath, bytesMax: number): Promise<Uint8Array> {
    return this.#treeOf(path).read(path, bytesMax);
  }

  #treeOf(path: SourcePath): SourceTree {
    return path === place || path.startsWith(`${place}/`) ? this.#dependencies : this.#below;
  }
}
