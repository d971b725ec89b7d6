/**
 * Which files of a folder are sources: what a bundle can import, and nothing private.
 *
 * Pure. Names that start with a dot, tests and coverage never leave the author's machine.
 */

const OWN_EXTENSIONS: ReadonlySet<string> = new Set(
  "js mjs cjs jsx ts mts cts tsx json txt text html md sql svg wasm".split(" "),
);
const PACKAGE_EXTENSIONS: ReadonlySet<string> = new Set("js mjs cjs json txt html sql svg wasm".split(" "));

/** Folders of a project that are never read; dependencies are found by name instead. */
const IGNORED_FOLDERS: ReadonlySet<string> = new Set(["node_modules", "test", "tests", "__tests__", "coverage"]);
const IGNORED_FILES: ReadonlySet<string> = new Set(["package-lock.json", "npm-shrinkwrap.json"]);

/** Whose files are looked at: the author's (project, workspace packages) or an installed package's. */
export type SourceOwner = "author" | "package";

/** Whether to look into the folder `name`. */
export function isSourceFolder(name: string, owner: SourceOwner): boolean {
  if (name.startsWith(".") || name === "node_modules") return false;
  return owner === "package" || !IGNORED_FOLDERS.has(name);
}

/** Whether the file `name` may be imported. */
export function isSourceFile(name: string, owner: SourceOwner): boolean {
  if (name.startsWith(".") || IGNORED_FILES.has(name)) return false;
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (owner === "package") return PACKAGE_EXTENSIONS.has(extension);
  return OWN_EXTENSIONS.has(extension) && !/\.(?:test|spec|d)\.[a-z]+$/i.test(name);
}
