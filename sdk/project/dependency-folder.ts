/**
 * The files of a folder that becomes a dependency: what functions can import, node_modules included; links to folders are refused, as an archive
 * has none.
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveFile } from "../code-archive.ts";
import { publishLimits } from "../limits.ts";
import { refuseSourcePath } from "../manifest-file.ts";
import type { Parsed, Problem } from "../problem.ts";
import { isSourceFile } from "./source-filter.ts";

/** In the order of their paths, so that equal folders make equal archives. */
export async function readDependencyFolder(folder: string): Promise<Parsed<readonly ArchiveFile[]>> {
  const root = await realpath(folder).catch(() => null);
  if (root === null || !(await stat(root)).isDirectory()) {
    return { ok: false, problems: [{ path: folder, message: "is not a folder" }] };
  }
  const collected: Collected = { files: [], bytes: 0, problems: [] };
  await collect({ location: root, path: "" }, collected);
  const { files, problems } = collected;
  if (problems.length === 0 && files.length === 0) problems.push({ path: folder, message: "holds no file to import" });
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

interface Collected {
  readonly files: ArchiveFile[];
  bytes: number;
  readonly problems: Problem[];
}

async function collect(
  { location, path }: { readonly location: string; readonly path: string },
  collected: Collected,
): Promise<void> {
  const isInPackage = /(?:^|\/)node_modules(?:\/|$)/.test(path);
  for (const entry of await readdir(location, { withFileTypes: true })) {
    if (collected.problems.length > 0) return;
    if (entry.name.startsWith(".")) continue;
    const place = { location: join(location, entry.name), path: path === "" ? entry.name : `${path}/${entry.name}` };
    if (entry.isDirectory()) {
      await collect(place, collected);
      continue;
    }
    const found = await stat(place.location).catch(() => null);
    if (found?.isDirectory() === true) {
      collected.problems.push({
        path: place.path,
        message: "is a link to a folder, allowed: folders (npm makes such a node_modules)",
      });
    } else if (found?.isFile() === true && isSourceFile(entry.name, isInPackage ? "package" : "author")) {
      await add({ ...place, bytes: found.size }, collected);
    }
  }
}

async function add(
  { location, path, bytes }: { readonly location: string; readonly path: string; readonly bytes: number },
  collected: Collected,
): Promise<void> {
  const { sourceBytesMax, sourceFilesMax } = publishLimits;
  const allowed = refuseSourcePath(path);
  collected.bytes += bytes;
  const refusal =
    allowed !== null
      ? `is not a path that can be published, allowed: ${allowed}`
      : collected.files.length >= sourceFilesMax
        ? `is one file too many, allowed: ${sourceFilesMax}`
        : collected.bytes > sourceBytesMax
          ? `makes more than ${sourceBytesMax} bytes, allowed: ${sourceBytesMax}`
          : null;
  if (refusal === null) collected.files.push({ path, bytes: await readFile(location) });
  else collected.problems.push({ path, message: refusal });
}
