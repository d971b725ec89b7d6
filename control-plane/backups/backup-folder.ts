/**
 * The folder that the hourly backups are in: one file of rows each, and the blobs that any of them needs, once.
 *
 * Blobs are links to the store's own files where that is possible, else copies, so that an hour costs what changed in it. Invariants: a blob
 * that a kept backup names is here, since it was noted as used when that backup was made; the newest backup is never removed.
 */
import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../sdk/artifact.ts";
import { mapLimited } from "../blobs/map-limited.ts";
import { writeBackup, type BackupSource } from "./backup-file.ts";

export interface BackupFolderOptions extends BackupSource {
  readonly folder: string;
  /** Where the store's own blobs are. */
  readonly blobFolder: string;
  readonly keepDays: number;
}

const dayMs = 86_400_000;
const filesAtOnce = 16;
const namePattern = /^store-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})\.backup$/;

export class BackupFolder {
  readonly #options: BackupFolderOptions;

  constructor(options: BackupFolderOptions) {
    this.#options = options;
  }

  /** When the newest was made, milliseconds since the epoch; null: there is none. */
  async newest(): Promise<number | null> {
    const times = await this.#times();
    return times.length === 0 ? null : Math.max(...times);
  }

  /** Makes one and removes those that are too old. Answers its file. */
  async add(nowMs: number): Promise<string> {
    const { folder, store, artifacts } = this.#options;
    await mkdir(join(folder, "blobs"), { recursive: true, mode: 0o700 });
    const file = join(folder, nameOf(nowMs));
    const createdAt = new Date(nowMs).toISOString();
    const needed = await writeBackup({ store, artifacts }, { file, blobs: "beside", createdAt });
    try {
      await mapLimited(needed, { limit: filesAtOnce, work: (digest) => this.#keep(digest, nowMs) });
    } catch (error) {
      // Without its blobs it is none.
      await rm(file, { force: true });
      throw error;
    }
    await this.#removeOld(nowMs);
    return file;
  }

  async #keep(digest: Digest, nowMs: number): Promise<void> {
    const { folder, blobFolder } = this.#options;
    const parent = join(folder, "blobs", digest.slice(0, 2));
    const kept = join(parent, digest);
    if (await touch(kept, nowMs)) return;
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const own = join(blobFolder, digest.slice(0, 2), digest);
    try {
      await link(own, kept);
    } catch (error) {
      if (!isOneOf(error, ["EXDEV", "EPERM", "EMLINK", "ENOTSUP"])) throw error;
      await copyFile(own, kept, constants.COPYFILE_FICLONE);
    }
    await touch(kept, nowMs);
  }

  async #removeOld(nowMs: number): Promise<void> {
    const { folder, keepDays } = this.#options;
    const times = (await this.#times()).sort((left, right) => left - right);
    const newest = times.at(-1) ?? nowMs;
    const old = times.filter((time) => time !== newest && nowMs - time > keepDays * dayMs);
    for (const time of old) await rm(join(folder, nameOf(time)), { force: true });
    const oldest = times.find((time) => !old.includes(time)) ?? nowMs;
    for (const parent of await readdir(join(folder, "blobs"))) {
      const files = await readdir(join(folder, "blobs", parent));
      await mapLimited(files, {
        limit: filesAtOnce,
        work: async (name) => {
          const file = join(folder, "blobs", parent, name);
          // Rounded down by some file systems.
          if ((await stat(file)).mtimeMs < oldest - 1_000) await rm(file, { force: true });
        },
      });
    }
  }

  /** Of those there are. */
  async #times(): Promise<number[]> {
    try {
      return (await readdir(this.#options.folder)).flatMap((name) => timeOf(name) ?? []);
    } catch (error) {
      if (isOneOf(error, ["ENOENT"])) return [];
      throw error;
    }
  }
}

function nameOf(timeMs: number): string {
  const digits = new Date(timeMs).toISOString().replace(/\D/g, "");
  return `store-${digits.slice(0, 8)}-${digits.slice(8, 14)}.backup`;
}

function timeOf(name: string): number | null {
  const match = namePattern.exec(name);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

async function touch(file: string, timeMs: number): Promise<boolean> {
  try {
    await utimes(file, timeMs / 1_000, timeMs / 1_000);
    return true;
  } catch (error) {
    if (isOneOf(error, ["ENOENT"])) return false;
    throw error;
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
