/**
 * Which file a path without a full name means: the file itself, with an extension added, as the TypeScript source of a `.js`
 * name, or as a directory's index.
 */
import { extensionOf, isInNodeModules, type SourcePath } from "../source/source-path.ts";
import type { SourceTree } from "../source/source-tree.ts";

const sourceExtensions = [".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".cts", ".cjs", ".json"];
const packageExtensions = [".js", ".mjs", ".cjs", ".json", ".ts", ".tsx", ".mts", ".cts", ".jsx"];

/** TypeScript writes imports with the names of the output files. */
const typescriptNames: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** The file that `path` names by itself, by an added extension, or as TypeScript source; null when there is none. */
export async function findFile(tree: SourceTree, path: SourcePath): Promise<SourcePath | null> {
  const exact = await tree.find(path);
  if (exact?.kind === "file") return exact.path;
  for (const extension of isInNodeModules(path) ? packageExtensions : sourceExtensions) {
    const entry = path === "" ? null : await tree.find(path + extension);
    if (entry?.kind === "file") return entry.path;
  }
  const written = extensionOf(path);
  for (const extension of typescriptNames[written] ?? []) {
    const entry = await tree.find(path.slice(0, -written.length) + extension);
    if (entry?.kind === "file") return entry.path;
  }
  return null;
}

/** The index file of `directory`, or null. */
export async function findIndex(tree: SourceTree, directory: SourcePath): Promise<SourcePath | null> {
  return findFile(tree, directory === "" ? "index" : `${directory}/index`);
}
