/**
 * Finds the installed packages a project needs to run and where each goes in the published tree.
 *
 * Packages are found as Node finds them: in `node_modules` of the asking folder or of any folder above it, links followed
 * (npm workspaces). In the tree they are placed so that the same lookup finds the same package: at the top, or
 * below the asking package when the top already holds another one of that name. Knows no bundler; development
 * dependencies are left out.
 */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Problem } from "../problem.ts";
import type { SourceFolder } from "./source-list.ts";

/** Packages in one closure; a project that needs more has something else wrong. */
const PACKAGES_MAX = 2_000;

export interface Dependencies {
  readonly folders: readonly SourceFolder[];
  readonly problems: readonly Problem[];
}

interface Asker {
  /** Real folder of the package that asks. */
  readonly location: string;
  /** Its place in the tree; empty: the project. */
  readonly path: string;
}

interface Wanted {
  readonly name: string;
  readonly optional: boolean;
}

/** `project`: the real path of the project's folder. */
export async function placeDependencies(project: string): Promise<Dependencies> {
  const placed = new Map<string, string>();
  const problems: Problem[] = [];
  const queue: Asker[] = [{ location: project, path: "" }];
  for (let asker = queue.shift(); asker !== undefined; asker = queue.shift()) {
    for (const wanted of await wantedPackages(asker.location)) {
      const location = await findPackage(wanted.name, asker.location);
      if (location === null) {
        if (!wanted.optional) problems.push(missingPackage(wanted.name, asker.path));
        continue;
      }
      const visible = visiblePlaces(asker.path, wanted.name).find((place) => placed.has(place));
      if (visible !== undefined && placed.get(visible) === location) continue;
      const path = visible === undefined ? `node_modules/${wanted.name}` : below(asker.path, wanted.name);
      placed.set(path, location);
      queue.push({ location, path });
    }
    if (placed.size > PACKAGES_MAX) {
      problems.push({
        path: "package.json",
        message: `needs more than ${PACKAGES_MAX} packages, allowed: ${PACKAGES_MAX}`,
      });
      break;
    }
  }
  const folders = [...placed].map(([path, location]) => ({ path, location, owner: ownerOf(location) }));
  return { folders, problems };
}

function ownerOf(location: string): SourceFolder["owner"] {
  return location.split(sep).includes("node_modules") ? "package" : "author";
}

function below(path: string, name: string): string {
  return path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`;
}

/** Where a lookup of `name` from `path` looks in the tree, nearest first. */
function visiblePlaces(path: string, name: string): readonly string[] {
  const places = [below("", name)];
  for (let at = path.indexOf("node_modules/"); at >= 0; at = path.indexOf("node_modules/", at + 1)) {
    const owner = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path.slice(at))?.[0] ?? "";
    places.unshift(below(path.slice(0, at) + owner, name));
  }
  return places;
}

async function wantedPackages(location: string): Promise<readonly Wanted[]> {
  const manifest = await readManifest(location);
  const optionalPeers = Object(manifest["peerDependenciesMeta"]) as Record<string, { optional?: boolean } | undefined>;
  const wanted = new Map<string, boolean>();
  for (const name of Object.keys(Object(manifest["peerDependencies"]) as object)) {
    wanted.set(name, optionalPeers[name]?.optional ?? true);
  }
  for (const name of Object.keys(Object(manifest["dependencies"]) as object)) wanted.set(name, false);
  for (const name of Object.keys(Object(manifest["optionalDependencies"]) as object)) wanted.set(name, true);
  return [...wanted].map(([name, optional]) => ({ name, optional }));
}

/** A package or project without a readable package.json needs nothing. */
async function readManifest(location: string): Promise<Record<string, unknown>> {
  try {
    return Object(JSON.parse(await readFile(join(location, "package.json"), "utf8"))) as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function findPackage(name: string, from: string): Promise<string | null> {
  if (!/^(?:@[^/@.][^/@]*\/)?[^/@.][^/@]*$/.test(name)) return null;
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    try {
      const location = await realpath(candidate);
      await readFile(join(location, "package.json"));
      return location;
    } catch {
      if (dirname(folder) === folder) return null;
    }
  }
}

function missingPackage(name: string, asker: string): Problem {
  const path = asker === "" ? "package.json" : `${asker}/package.json`;
  return { path, message: `needs the package ${name}, which is not installed: run npm install` };
}
