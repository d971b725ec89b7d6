/**
 * Keeps the access log's file small: one that grew beyond its bound is moved to `FILE.1`, what was there to `FILE.2`, the oldest goes.
 *
 * Done by the supervisor alone; fronts notice that the file is another one (append-file.ts). Invariant: what is no ordinary file (a pipe, a device)
 * is left alone.
 */
import { rename, stat } from "node:fs/promises";

export interface RotateOptions {
  /** Larger files are moved. */
  readonly bytesMax: number;
  /** Moved files that stay, 1 or more. */
  readonly kept: number;
}

/** Whether it was moved. Rejects when it cannot be. */
export async function rotateFile(file: string, { bytesMax, kept }: RotateOptions): Promise<boolean> {
  if (!(await isTooLarge(file, bytesMax))) return false;
  for (let number = kept - 1; number >= 1; number--) await moveIfThere(`${file}.${number}`, `${file}.${number + 1}`);
  await rename(file, `${file}.1`);
  return true;
}

async function isTooLarge(file: string, bytesMax: number): Promise<boolean> {
  try {
    const found = await stat(file);
    return found.isFile() && found.size > bytesMax;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
