/**
 * Writes a file so that a crash at any instant leaves either the old or the new one, whole.
 *
 * Invariant: the name appears only after the bytes are on the disk (fsync of the file, rename, fsync of the folder).
 */
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";

export interface AtomicWrite {
  readonly file: string;
  /** Unique among writers of one folder; the temporary file is `<file>.<tag>.tmp`. */
  readonly tag: string;
  readonly bytes: string | Uint8Array;
  /** The present file, if any, is kept under this name. */
  readonly previous?: string;
}

/** Replaces `file`. Throws what the file system throws; the old file is then still there (or at `previous`). */
export async function writeAtomically({ file, tag, bytes, previous }: AtomicWrite): Promise<void> {
  const temporary = `${file}.${tag}.tmp`;
  try {
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (previous !== undefined) await renameIfPresent(file, previous);
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes renames in `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function renameIfPresent(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether `error` says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
