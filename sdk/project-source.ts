/**
 * Reads an author's project folder: its project file, its entry and every file a bundle of it may import.
 *
 * Reads names and sizes only; nothing is sent and no content is looked at but `selvage.json` and `package.json` files.
 * Invariant: everything listed lies in the project or in a package it depends on, within `publishLimits`.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { entryCandidates, parseProjectFile, projectFileName, type ProjectFile } from "./manifest-file.ts";
import type { Parsed } from "./problem.ts";
import { placeDependencies, type Dependencies } from "./project/dependency-placement.ts";
import { SourceList, type SourceFile } from "./project/source-list.ts";

export type { Dependencies, SourceFile };

/** What a folder holds, without its files. */
export interface ProjectEntry {
  readonly file: ProjectFile;
  /** Real path of the folder. */
  readonly directory: string;
  /** Relative path of the entry module. */
  readonly entry: string;
}

export interface ProjectSource extends ProjectEntry {
  readonly files: readonly SourceFile[];
  /** May be given to the next `readProject` as long as no package changed. */
  readonly dependencies: Dependencies;
}

export interface ReadProjectOptions {
  readonly directory: string;
  /** What an earlier read found, to spare the lookup. */
  readonly dependencies?: Dependencies | undefined;
}

/** The project file and the entry it names; for projects that are bundled on this machine. */
export async function readProjectEntry(folder: string): Promise<Parsed<ProjectEntry>> {
  const directory = await realpath(folder).catch(() => null);
  if (directory === null) return refuse(folder, "is not a folder");
  const project = await readProjectFile(directory);
  if (!project.ok) return project;
  const entry = await findEntry(directory, project.value);
  if (entry !== null) return { ok: true, value: { file: project.value, directory, entry } };
  const tried = project.value.entry ?? entryCandidates.join(", ");
  return refuse("entry", `no such file in ${directory}: ${tried}; set "entry" in ${projectFileName}`);
}

/** Everything that is published of a folder, or what is wrong with it. */
export async function readProject(options: ReadProjectOptions): Promise<Parsed<ProjectSource>> {
  const found = await readProjectEntry(options.directory);
  if (!found.ok) return found;
  const { directory, entry } = found.value;
  const dependencies = options.dependencies ?? (await placeDependencies(directory));
  if (dependencies.problems.length > 0) return { ok: false, problems: dependencies.problems };
  const list = new SourceList();
  await list.addFolder({ location: directory, path: "", owner: "author" });
  for (const folder of dependencies.folders) await list.addFolder(folder);
  if (list.problems.length > 0) return { ok: false, problems: list.problems };
  const { files } = list;
  if (!files.some(({ path }) => path === entry)) {
    return refuse("entry", `${entry} is in a folder or has a name that is not published (tests, leading dots)`);
  }
  return { ok: true, value: { ...found.value, files, dependencies } };
}

/** The project file alone. */
export async function readProjectFile(directory: string): Promise<Parsed<ProjectFile>> {
  let text: string;
  try {
    text = await readFile(join(directory, projectFileName), "utf8");
  } catch {
    return refuse(projectFileName, `does not exist in ${directory}: create it with selvage init`);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return refuse(projectFileName, `is not JSON: ${(error as SyntaxError).message}`);
  }
  const parsed = parseProjectFile(input);
  if (parsed.ok) return parsed;
  const problems = parsed.problems.map(({ path, message }) => ({ path: `${projectFileName}: ${path}`, message }));
  return { ok: false, problems };
}

async function findEntry(directory: string, { entry }: ProjectFile): Promise<string | null> {
  for (const candidate of entry === null ? entryCandidates : [entry]) {
    const found = await stat(join(directory, candidate)).catch(() => null);
    if (found?.isFile() === true) return candidate;
  }
  return null;
}

function refuse(
  path: string,
  message: string,
): { readonly ok: false; readonly problems: readonly [{ path: string; message: string }] } {
  return { ok: false, problems: [{ path, message }] };
}
