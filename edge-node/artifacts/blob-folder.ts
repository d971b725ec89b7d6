/**
 * Blobs on the node's disk, named by their SHA-256: `<folder>/aa/<digest>`.
 *
 * Knows nothing of manifests, versions or the network. Invariants: a name appears only when all its bytes were hashed, match it
 * and are on the disk; `read` hashes again, so that what decayed on the disk is never handed out. One process writes, many read.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, type FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Digest } from "../../sdk/artifact.ts";
import { digestOf, isDigest } from "../../sdk/artifact-format.ts";
import type { Clock } from "../clock.ts";
import { isMissing, syncFolder } from "./write-atomically.ts";

/** What is known about a blob before it is here. */
export interface BlobSpec {
  readonly digest: Digest;
  /** Exact size where it is known, else null and `bytesMax` bounds it. */
  readonly bytes: number | null;
  readonly bytesMax: number;
}

export type BlobRead =
  | { readonly kind: "found"; readonly bytes: Buffer }
  | { readonly kind: "missing" }
  /** The bytes on the disk do not have the digest they are named by. */
  | { readonly kind: "damaged" };

/** Bytes from outside that are not the blob they were asked as. */
export class BlobMismatchError extends Error {
  constructor(spec: BlobSpec, reason: string) {
    super(`Cannot store blob ${spec.digest}: ${reason}`);
    this.name = "BlobMismatchError";
  }
}

interface StoredBlob {
  readonly digest: Digest;
  readonly bytes: number;
  readonly usedAt: number;
}

const TEMPORARY = ".tmp";

export class BlobFolder {
  readonly #folder: string;
  readonly #clock: Clock;
  #writes = 0;

  constructor(folder: string, options: { readonly clock: Clock }) {
    this.#folder = folder;
    this.#clock = options.clock;
  }

  /** Whether the blob is there with the right size. Its bytes are checked by `read`. */
  async has({ digest, bytes }: BlobSpec): Promise<boolean> {
    try {
      const { size } = await stat(this.#file(digest));
      return bytes === null || size === bytes;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async read(digest: Digest): Promise<BlobRead> {
    try {
      const bytes = await readFile(this.#file(digest));
      return digestOf(bytes) === digest ? { kind: "found", bytes } : { kind: "damaged" };
    } catch (error) {
      if (isMissing(error)) return { kind: "missing" };
      throw error;
    }
  }

  /**
   * Stores `chunks`, hashing them on the way. Throws `BlobMismatchError` when size or digest differ, what the source throws, or
   * what the file system throws; nothing is kept then.
   */
  async write(spec: BlobSpec, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const file = this.#file(spec.digest);
    const temporary = `${file}.${this.#writes++}${TEMPORARY}`;
    await mkdir(path.dirname(file), { recursive: true });
    try {
      const handle = await open(temporary, "w", 0o600);
      try {
        await writeChecked(handle, { spec, chunks });
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      await syncFolder(path.dirname(file));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.#file(digest), { force: true });
  }

  /** Notes that these blobs were in use until now, which is what `evict` orders by. */
  async touch(digests: Iterable<Digest>): Promise<void> {
    const seconds = this.#clock.now() / 1000;
    for (const digest of digests) {
      await utimes(this.#file(digest), seconds, seconds).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    }
  }

  /**
   * Deletes blobs outside `inUse`, least recently used first, until the others of them hold at most `bytesMax`; also what an
   * interrupted write left. Returns the number of bytes freed. No write may be under way.
   */
  async evict(options: { readonly inUse: ReadonlySet<Digest>; readonly bytesMax: number }): Promise<number> {
    const unused = (await this.#list()).filter(({ digest }) => !options.inUse.has(digest));
    unused.sort((left, right) => right.usedAt - left.usedAt);
    let kept = 0;
    let freed = 0;
    for (const { digest, bytes } of unused) {
      kept += bytes;
      if (kept <= options.bytesMax) continue;
      await this.remove(digest);
      kept -= bytes;
      freed += bytes;
    }
    return freed;
  }

  async #list(): Promise<StoredBlob[]> {
    const blobs: StoredBlob[] = [];
    for (const shard of await listFolder(this.#folder)) {
      for (const name of await listFolder(path.join(this.#folder, shard))) {
        const file = path.join(this.#folder, shard, name);
        if (name.endsWith(TEMPORARY)) await rm(file, { force: true });
        if (!isDigest(name)) continue;
        const { size, mtimeMs } = await stat(file);
        blobs.push({ digest: name, bytes: size, usedAt: mtimeMs });
      }
    }
    return blobs;
  }

  #file(digest: Digest): string {
    if (!isDigest(digest)) throw new Error("Cannot name a blob: not a digest");
    return path.join(this.#folder, digest.slice(0, 2), digest);
  }
}

async function writeChecked(
  handle: FileHandle,
  { spec, chunks }: { readonly spec: BlobSpec; readonly chunks: AsyncIterable<Uint8Array> },
): Promise<void> {
  const hash = createHash("sha256");
  const allowed = spec.bytes ?? spec.bytesMax;
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.byteLength;
    if (received > allowed) throw new BlobMismatchError(spec, `received more than ${allowed} bytes`);
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  if (spec.bytes !== null && received !== spec.bytes) {
    throw new BlobMismatchError(spec, `received ${received} bytes, expected ${spec.bytes}`);
  }
  const digest = hash.digest("hex");
  if (digest !== spec.digest) throw new BlobMismatchError(spec, `received bytes with digest ${digest}`);
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
