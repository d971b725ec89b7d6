/**
 * Blobs as files named by their SHA-256, in one folder: `aa/<digest>`.
 *
 * It knows nothing of what a blob is for. One folder belongs to one object in one process. Invariants: a file under its final name is whole (written
 * beside, made durable where asked, then renamed); what `read` returns has the digest it was asked for, and a file that lies is moved out of the way;
 * putting, touching and removing one blob follow each other.
 */
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, isDigest } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { Logger } from "../logger.ts";
import type { BlobInfo, BlobStore, Durability } from "./blob-store.ts";
import { syncFolder, writeNewFile } from "./durable-file.ts";
import { Turns } from "./turns.ts";

export interface BlobFolderOptions {
  /** Made when absent. */
  readonly folder: string;
  /** `durable`: on the disk before `put` resolves. `best-effort`: a crash of the machine may lose it; `read` notices. */
  readonly durability: Durability;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Names of files being written; unique within this process and its forerunners. */
  readonly uniqueId: () => string;
  readonly logger: Logger;
}

export class BlobFolder implements BlobStore {
  readonly #options: BlobFolderOptions;
  /** Without them a blob could be removed between the look at when it was used and its removal. */
  readonly #turns = new Turns<Digest>();

  private constructor(options: BlobFolderOptions) {
    this.#options = options;
  }

  /** The folder, with files that an earlier process did not finish removed. */
  static async open(options: BlobFolderOptions): Promise<BlobFolder> {
    await mkdir(join(options.folder, "tmp"), { recursive: true, mode: 0o700 });
    const unfinished = await readdir(join(options.folder, "tmp"));
    for (const name of unfinished) await rm(join(options.folder, "tmp", name), { force: true });
    return new BlobFolder(options);
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    await this.#turns.take(digest, () => this.#put(digest, bytes));
    return digest;
  }

  async #put(digest: Digest, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(digest);
    if ((await this.#touch(digest, this.#options.now())) && (await this.read(digest)) !== null) return;
    const { folder, durability, uniqueId } = this.#options;
    const parent = join(folder, digest.slice(0, 2));
    const isNew = (await mkdir(parent, { recursive: true, mode: 0o700 })) !== undefined;
    const temporary = join(folder, "tmp", uniqueId());
    try {
      await writeNewFile(temporary, bytes, { mode: 0o600, durability });
      await rename(temporary, file);
    } catch (error) {
      // A disk that is full should not stay so because of what did not fit.
      await rm(temporary, { force: true });
      throw error;
    }
    if (durability === "durable") {
      await syncFolder(parent);
      if (isNew) await syncFolder(folder);
    }
  }

  async read(digest: Digest): Promise<Uint8Array | null> {
    if (!isDigest(digest)) return null;
    const file = this.#fileOf(digest);
    const bytes = await readWhole(file);
    if (bytes === null) return null;
    if (digestOf(bytes) === digest) return bytes;
    this.#options.logger.error({ digest, bytes: bytes.byteLength }, "blob_corrupt");
    await rename(file, join(this.#options.folder, "tmp", `${digest}.corrupt-${this.#options.uniqueId()}`));
    return null;
  }

  async touch(digest: Digest, time: number): Promise<boolean> {
    if (!isDigest(digest)) return false;
    return this.#turns.take(digest, () => this.#touch(digest, time));
  }

  async #touch(digest: Digest, time: number): Promise<boolean> {
    try {
      await utimes(this.#fileOf(digest), time / 1_000, time / 1_000);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async list(): Promise<readonly BlobInfo[]> {
    const { folder } = this.#options;
    const files: BlobInfo[] = [];
    for (const parent of await readdir(folder)) {
      if (!/^[0-9a-f]{2}$/.test(parent)) continue;
      for (const digest of await readdir(join(folder, parent))) {
        const { size, mtimeMs } = await stat(join(folder, parent, digest));
        files.push({ digest, bytes: size, usedAt: mtimeMs });
      }
    }
    return files;
  }

  async removeUnused(digest: Digest, usedUntil: number): Promise<boolean> {
    if (!isDigest(digest)) return false;
    const file = this.#fileOf(digest);
    return this.#turns.take(digest, async () => {
      try {
        if ((await stat(file)).mtimeMs > usedUntil) return false;
        await rm(file);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    });
  }

  async remove(digest: Digest): Promise<void> {
    if (!isDigest(digest)) return;
    await this.#turns.take(digest, () => rm(this.#fileOf(digest), { force: true }));
  }

  #fileOf(digest: Digest): string {
    return join(this.#options.folder, digest.slice(0, 2), digest);
  }
}

async function readWhole(file: string): Promise<Uint8Array | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
