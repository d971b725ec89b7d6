/**
 * Finds the file that an import names, inside one source tree: relative files, tsconfig paths, `#imports`, packages by
 * `exports`, `browser`, `module` and `main`, and Node's modules that functions have. It follows Node's algorithm where Node has one and bundlers' habits where not.
 *
 * Invariant: a result is a file of the tree; nothing outside it is looked at, whatever a package.json or an import says.
 */
import { nodeModuleOf } from "../node-modules.ts";
import { ancestorsOf, isInNodeModules, joinPath, parentOf, type SourcePath } from "../source/source-path.ts";
import type { SourceTree } from "../source/source-tree.ts";
import { findFile, findIndex } from "./find-file.ts";
import type { PackageJson, PackageJsonReader } from "./package-json.ts";
import { packageTarget } from "./package-target.ts";
import type { Tsconfig } from "./tsconfig.ts";

/**
 * Which variants of a package are taken beside `import` or `require`, and `default`; where a package offers several, its own order decides.
 * `workerd` and `worker`: the variants for servers on web APIs. `browser`: better than one for Node.js. `module`: one copy
 * of a package for `import` and `require`, as all bundlers have it; two copies break what compares classes. `production`: as
 * `process.env.NODE_ENV` is. Not `edge-light`: such variants may use modules of another platform.
 */
const sharedConditions = ["selvage", "workerd", "worker", "browser", "module", "production"];
const redirectsMax = 8;

export interface ImportSite {
  readonly specifier: string;
  /** The directory of the importing file. */
  readonly directory: SourcePath;
  readonly kind: "import" | "require";
}

/** Where an import leads. Every "no" says why. */
export type Resolution =
  | { readonly kind: "file"; readonly path: SourcePath }
  /** A module of Node.js that functions have: the name of its file in `runtime/guest/node`. */
  | { readonly kind: "node-module"; readonly file: string }
  /** `browser: {"x": false}`: an empty module. */
  | { readonly kind: "empty" }
  | { readonly kind: "outside" }
  | { readonly kind: "file-missing" }
  | { readonly kind: "package-missing"; readonly package: string }
  /** The package is there, but has no such file or does not export it. */
  | { readonly kind: "not-exported"; readonly package: string; readonly subpath: string };

export class ModuleResolver {
  readonly #tree: SourceTree;
  readonly #packages: PackageJsonReader;
  readonly #tsconfig: Tsconfig;
  readonly #packageFolders: readonly SourcePath[];

  /** `packageFolders`: where packages are that no folder node_modules above the importing file holds, in this order. Default none. */
  constructor(
    tree: SourceTree,
    packages: PackageJsonReader,
    { tsconfig, packageFolders = [] }: { readonly tsconfig: Tsconfig; readonly packageFolders?: readonly SourcePath[] },
  ) {
    this.#tree = tree;
    this.#packages = packages;
    this.#tsconfig = tsconfig;
    this.#packageFolders = packageFolders;
  }

  async resolve(site: ImportSite): Promise<Resolution> {
    return this.#resolve(site, redirectsMax);
  }

  async #resolve(site: ImportSite, redirectsLeft: number): Promise<Resolution> {
    const own = await this.#packages.enclosing(site.directory);
    const mapped = own === null ? undefined : browserTarget(own, site);
    if (mapped === false) return { kind: "empty" };
    if (mapped !== undefined && own !== null && redirectsLeft > 0) {
      return this.#resolve({ specifier: mapped, directory: own.directory, kind: site.kind }, redirectsLeft - 1);
    }
    const found = await this.#locate(site, { own, redirectsLeft });
    return found.kind === "file" ? this.#throughBrowserMap(found.path) : found;
  }

  async #locate(
    site: ImportSite,
    { own, redirectsLeft }: { readonly own: PackageJson | null; readonly redirectsLeft: number },
  ): Promise<Resolution> {
    const { specifier } = site;
    if (/^\.{1,2}(?:\/|$)/.test(specifier)) return this.#relative(site);
    if (specifier.startsWith("/")) return { kind: "outside" };
    if (specifier.startsWith("#")) return this.#internal(site, { own, redirectsLeft });
    const byTsconfig = isInNodeModules(`${site.directory}/`) ? null : await this.#byTsconfig(specifier);
    if (byTsconfig !== null) return { kind: "file", path: byTsconfig };
    return this.#package(site, own);
  }

  async #relative({ specifier, directory, kind }: ImportSite): Promise<Resolution> {
    const path = joinPath(directory, specifier);
    if (path === null) return { kind: "outside" };
    const found = await this.#fileOrDirectory(path, { kind, wantsDirectory: /(?:^|\/)\.{0,2}$/.test(specifier) });
    return found === null ? { kind: "file-missing" } : { kind: "file", path: found };
  }

  async #internal(
    { specifier, kind }: ImportSite,
    { own, redirectsLeft }: { readonly own: PackageJson | null; readonly redirectsLeft: number },
  ): Promise<Resolution> {
    const missing: Resolution = { kind: "not-exported", package: own?.name ?? "package.json", subpath: specifier };
    if (own === null || redirectsLeft === 0) return missing;
    const options = { key: specifier, conditions: conditionsFor(kind), kind: "imports" } as const;
    const target = packageTarget(own.imports, options);
    if (target === null) return missing;
    return this.#resolve({ specifier: target, directory: own.directory, kind }, redirectsLeft - 1);
  }

  async #byTsconfig(specifier: string): Promise<SourcePath | null> {
    const { paths, baseDirectory } = this.#tsconfig;
    for (const { pattern, places } of paths) {
      const star = starOf(pattern, specifier);
      if (star === null) continue;
      for (const place of places) {
        const path = joinPath(
          "",
          place.replace("*", () => star),
        );
        const found =
          path === null ? null : await this.#fileOrDirectory(path, { kind: "import", wantsDirectory: false });
        if (found !== null) return found;
      }
    }
    const path = baseDirectory === null ? null : joinPath(baseDirectory, specifier);
    return path === null ? null : this.#fileOrDirectory(path, { kind: "import", wantsDirectory: false });
  }

  async #package({ specifier, directory, kind }: ImportSite, own: PackageJson | null): Promise<Resolution> {
    const match = /^((?:@[^/@]+\/)?[^/@.][^/]*)(\/.*)?$/.exec(specifier);
    const name = match?.[1];
    if (name === undefined) return { kind: "package-missing", package: specifier };
    const subpath = `.${match?.[2] ?? ""}`;
    if (own?.name === name && own.exports !== undefined) {
      return this.#inPackage(own, { directory: own.directory, name, subpath, kind });
    }
    const nodeModule = nodeModuleOf(specifier);
    if (nodeModule !== null && !nodeModule.yields) return { kind: "node-module", file: nodeModule.file };
    for (const folder of [...moduleFolders(directory), ...this.#packageFolders]) {
      const place = joinPath(folder, name);
      const entry = place === null ? null : await this.#tree.find(place);
      if (entry?.kind !== "directory") continue;
      const found = await this.#packages.in(entry.path);
      return this.#inPackage(found, { directory: entry.path, name, subpath, kind });
    }
    if (nodeModule !== null) return { kind: "node-module", file: nodeModule.file };
    return { kind: "package-missing", package: name };
  }

  async #inPackage(
    found: PackageJson | null,
    wanted: {
      readonly directory: SourcePath;
      readonly name: string;
      readonly subpath: string;
      readonly kind: ImportSite["kind"];
    },
  ): Promise<Resolution> {
    const { directory, name, subpath, kind } = wanted;
    const missing: Resolution = { kind: "not-exported", package: name, subpath };
    if (found !== null && found.exports !== undefined && found.exports !== null) {
      const options = { key: subpath, conditions: conditionsFor(kind), kind: "exports" } as const;
      const target = packageTarget(found.exports, options);
      const path = target === null ? null : joinPath(directory, target);
      const entry = path === null ? null : await this.#tree.find(path);
      return entry?.kind === "file" ? { kind: "file", path: entry.path } : missing;
    }
    const path = joinPath(directory, subpath);
    if (path === null) return { kind: "outside" };
    const file = await this.#fileOrDirectory(path, { kind, wantsDirectory: path === directory });
    return file === null ? missing : { kind: "file", path: file };
  }

  async #fileOrDirectory(
    path: SourcePath,
    { kind, wantsDirectory }: { readonly kind: ImportSite["kind"]; readonly wantsDirectory: boolean },
  ): Promise<SourcePath | null> {
    const file = wantsDirectory ? null : await findFile(this.#tree, path);
    if (file !== null) return file;
    const entry = await this.#tree.find(path);
    if (entry?.kind !== "directory") return null;
    const own = await this.#packages.in(entry.path);
    for (const field of own === null ? [] : mainFields(own, kind)) {
      const target = joinPath(entry.path, field);
      if (target === null) continue;
      const found = (await findFile(this.#tree, target)) ?? (await findIndex(this.#tree, target));
      if (found !== null) return found;
    }
    return findIndex(this.#tree, entry.path);
  }

  /** The browser map of the package that owns the found file may replace it by another. */
  async #throughBrowserMap(path: SourcePath): Promise<Resolution> {
    const own = await this.#packages.enclosing(parentOf(path));
    if (own === null || own.browserMap.size === 0) return { kind: "file", path };
    const inside = relativeTo(own.directory, path);
    const target = browserFile(own, inside);
    if (target === undefined) return { kind: "file", path };
    if (target === false) return { kind: "empty" };
    const replaced = target.startsWith(".") ? joinPath(own.directory, target) : null;
    const found = replaced === null ? null : await findFile(this.#tree, replaced);
    return found === null ? { kind: "file-missing" } : { kind: "file", path: found };
  }
}

/** Where Node.js looks for a package that a file in `directory` imports. */
function moduleFolders(directory: SourcePath): readonly SourcePath[] {
  const above = [...ancestorsOf(directory)].filter((at) => at !== "node_modules" && !at.endsWith("/node_modules"));
  return above.map((at) => (at === "" ? "node_modules" : `${at}/node_modules`));
}

function conditionsFor(kind: ImportSite["kind"]): readonly string[] {
  return [...sharedConditions, kind];
}

function mainFields({ fields }: PackageJson, kind: ImportSite["kind"]): string[] {
  const { browser, module, main } = fields;
  const order = kind === "import" ? [browser, module, main] : [browser, main, module];
  return order.filter((field) => field !== null);
}

/** What the importing package's browser map says about a bare specifier; undefined when nothing. */
function browserTarget(own: PackageJson, { specifier }: ImportSite): string | false | undefined {
  if (own.browserMap.size === 0 || /^[./#]/.test(specifier)) return undefined;
  const target = own.browserMap.get(specifier);
  return target === specifier ? undefined : target;
}

function browserFile(own: PackageJson, inside: string): string | false | undefined {
  const withoutExtension = inside.replace(/\.(?:js|json|cjs|mjs)$/, "");
  for (const key of [`./${inside}`, `./${withoutExtension}`, inside]) {
    const target = own.browserMap.get(key);
    if (target !== undefined && target !== key) return target;
  }
  return undefined;
}

function relativeTo(directory: SourcePath, path: SourcePath): string {
  return directory === "" ? path : path.slice(directory.length + 1);
}

/** The text that the pattern's star stands for, `""` for an equal pattern without one, null when there is no match. */
function starOf(pattern: string, specifier: string): string | null {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === specifier ? "" : null;
  const tail = pattern.slice(star + 1);
  const fits = specifier.startsWith(pattern.slice(0, star)) && specifier.endsWith(tail);
  return fits && specifier.length >= pattern.length - 1 ? specifier.slice(star, specifier.length - tail.length) : null;
}
