/**
 * Paths inside a source tree: relative to its root, `/` separated, without `.`, `..` or empty segments; `""` is the root.
 *
 * Pure text. Invariant: no function here returns a path that leaves the root; such a path is null.
 */
export type SourcePath = string;

const pathCharsMax = 1_024;

/** `relative` as seen from directory `from`, or null when it leaves the root, is absolute or cannot be a file's name. */
export function joinPath(from: SourcePath, relative: string): SourcePath | null {
  if (relative.startsWith("/") || relative.includes("\0") || relative.includes("\\")) return null;
  const segments = from === "" ? [] : from.split("/");
  for (const segment of relative.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  const path = segments.join("/");
  return path.length > pathCharsMax ? null : path;
}

/** The directory that holds `path`. */
export function parentOf(path: SourcePath): SourcePath {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** `directory` and every directory above it, the root last. */
export function* ancestorsOf(directory: SourcePath): Generator<SourcePath> {
  for (let at = directory; at !== ""; at = parentOf(at)) yield at;
  yield "";
}

/** The extension with its dot, in lower case; empty when there is none. */
export function extensionOf(path: SourcePath): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}

/** Whether `path` lies inside an installed package. */
export function isInNodeModules(path: SourcePath): boolean {
  return path.startsWith("node_modules/") || path.includes("/node_modules/");
}
