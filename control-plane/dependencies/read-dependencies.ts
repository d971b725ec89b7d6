/**
 * The dependencies that a version is to be built with: whether each exists, and its files for the bundler.
 *
 * Archives are in the store once, by their digest, and unpacked in memory for one bundling. Invariant: what all of them unpack to stays within
 * the bounds of one function's sources, and is known before any is read.
 */
import type { BundledDependency } from "../../bundler/dependency-packages.ts";
import { unpackArchive } from "../../sdk/code-archive.ts";
import type { Dependencies } from "../../sdk/dependency.ts";
import { publishLimits } from "../../sdk/limits.ts";
import type { Problem } from "../../sdk/problem.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { ControlError, invalidInput } from "../control-error.ts";
import type { Store, StoreView } from "../store.ts";
import type { DependencyVersionRow } from "./dependency-row.ts";

/** In their order. @throws ControlError INPUT_INVALID with every one that does not exist, or because they are too large together. */
export async function requireDependencies(
  view: StoreView,
  dependencies: Dependencies,
): Promise<readonly DependencyVersionRow[]> {
  const problems: Problem[] = [];
  const rows: DependencyVersionRow[] = [];
  for (const [name, version] of Object.entries(dependencies)) {
    const row = await view.dependencies.version(name, version);
    if (row !== null) rows.push(row);
    else problems.push({ path: `dependencies.${name}`, message: await describeMissing(view, { name, version }) });
  }
  const { sourceBytesMax, sourceFilesMax } = publishLimits;
  for (const [key, max] of [
    ["bytes", sourceBytesMax],
    ["files", sourceFilesMax],
  ] as const) {
    const total = rows.reduce((sum, row) => sum + row[key], 0);
    if (total <= max) continue;
    const message = `hold ${String(total)} ${key} together, allowed: at most ${String(max)}`;
    problems.push({ path: "dependencies", message });
  }
  if (problems.length > 0) throw invalidInput(problems);
  return rows;
}

/** @throws ControlError INPUT_INVALID, CONTROL_INTERNAL when an archive is missing. */
export async function readDependencies(
  dependencies: Dependencies,
  { store, artifacts }: { readonly store: Store; readonly artifacts: BlobStore },
): Promise<readonly BundledDependency[]> {
  if (Object.keys(dependencies).length === 0) return [];
  const rows = await store.read((view) => requireDependencies(view, dependencies));
  const read: BundledDependency[] = [];
  for (const { dependency: name, version, archive } of rows) {
    const bytes = await artifacts.read(archive);
    const unpacked = bytes === null ? null : await unpackArchive(bytes);
    if (unpacked === null || !unpacked.ok) {
      const reason = unpacked === null ? "is missing or damaged" : unpacked.reason;
      throw new ControlError("CONTROL_INTERNAL", { message: `The archive of ${name}@${String(version)}: ${reason}.` });
    }
    read.push({ name, version, files: unpacked.files });
  }
  return read;
}

async function describeMissing(
  view: StoreView,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<string> {
  const versions = (await view.dependencies.versions(name)).map((row) => row.version);
  const shown = versions.slice(0, 10).join(", ");
  const allowed = versions.length === 0 ? "an existing dependency" : `a version of it: ${shown}`;
  return `received ${String(version)}, allowed: ${allowed}`;
}
