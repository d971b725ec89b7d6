/** Archives that a command is given: a ZIP file, a folder, or an address that the control plane fetches. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ArchivePlace } from "../api.ts";
import type { SelvageClient } from "../client.ts";
import { packArchive, unpackArchive, type ArchiveFile } from "../code-archive.ts";
import { archiveLimits } from "../code-limits.ts";
import { readDependencyFolder } from "../project/dependency-folder.ts";
import { uploadArchive } from "../upload-archive.ts";
import type { CliContext } from "./cli-context.ts";
import { refusal } from "./exit-code.ts";

export type ArchiveInput =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "zip"; readonly archive: Uint8Array; readonly files: readonly ArchiveFile[] };

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Whether `source` names something that is there and no folder. */
export async function isFile(source: string, { workingDirectory }: CliContext): Promise<boolean> {
  const found = await stat(resolve(workingDirectory, source)).catch(() => null);
  return found?.isFile() === true;
}

/** A ZIP file, checked. @throws CliError. */
export async function readArchiveFile(source: string, { workingDirectory }: CliContext): Promise<ArchiveInput> {
  const file = resolve(workingDirectory, source);
  const { size } = await stat(file);
  const { bytesMax } = archiveLimits;
  if (size > bytesMax) throw unusable(source, `received ${size} bytes, allowed: at most ${bytesMax}`);
  const archive = await readFile(file);
  const unpacked = await unpackArchive(archive);
  if (!unpacked.ok) throw unusable(source, unpacked.reason);
  return { kind: "zip", archive, files: unpacked.files };
}

/** A ZIP file, an address or a folder. @throws CliError. */
export async function readArchiveInput(source: string, context: CliContext): Promise<ArchiveInput> {
  if (isUrl(source)) return { kind: "url", url: source };
  if (await isFile(source, context)) return readArchiveFile(source, context);
  const files = await readDependencyFolder(resolve(context.workingDirectory, source));
  if (!files.ok) throw refusal(`Cannot read ${source}`, files.problems);
  return { kind: "zip", archive: packArchive(files.value), files: files.value };
}

/** Uploads what is on this machine. */
export async function placeArchive(client: SelvageClient, input: ArchiveInput): Promise<ArchivePlace> {
  return input.kind === "url" ? input : uploadArchive(client, input.archive);
}

function unusable(source: string, reason: string): Error {
  return refusal(`Cannot read ${source}`, [{ path: source, message: reason }]);
}
