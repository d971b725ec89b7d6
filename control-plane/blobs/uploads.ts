/**
 * Source files that publishers upload before they publish: a cache of blobs, bounded in bytes, the ones in use lately also in memory.
 *
 * No version depends on it: what a version needs is among the artifacts. Invariant: what is taken in and what is given out has the digest
 * it is named by.
 */
import { LRUCache } from "lru-cache";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { Problem } from "../../sdk/problem.ts";
import type { Clock } from "../clock.ts";
import { invalidInput } from "../control-error.ts";
import type { BlobStore } from "./blob-store.ts";
import { mapLimited } from "./map-limited.ts";

export const uploadLimits = {
  /** Beyond, the least recently asked for are removed. */
  bytesMax: 2_147_483_648,
  /** What was asked for within this time stays, so that no publish loses what it has just uploaded. */
  keepMs: 3_600_000,
  /** Checked bytes in memory: a project published again has changed in few of its files. */
  memoryBytesMax: 134_217_728,
  /** Files read or written at once. */
  filesAtOnce: 16,
} as const;

export interface UploadsOptions {
  readonly blobs: BlobStore;
  readonly clock: Clock;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #memory = new LRUCache<Digest, Uint8Array>({
    maxSize: uploadLimits.memoryBytesMax,
    sizeCalculation: ({ byteLength }) => byteLength + 128,
  });

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** Those of `digests` that are not here, each once; the others are kept for a while. */
  async missing(digests: readonly Digest[]): Promise<readonly Digest[]> {
    const { blobs, clock } = this.#options;
    const asked = [...new Set(digests)];
    const found = await mapLimited(asked, {
      limit: uploadLimits.filesAtOnce,
      work: (digest) => blobs.touch(digest, clock.now()),
    });
    return asked.filter((_, index) => found[index] === false);
  }

  /** @throws ControlError INPUT_INVALID naming every blob whose bytes are not base64 or have another digest; then none is stored. */
  async put(uploads: readonly { readonly digest: Digest; readonly base64: string }[]): Promise<void> {
    const problems: Problem[] = [];
    const contents = uploads.map(({ digest, base64 }, index) => {
      const bytes = Buffer.from(base64, "base64");
      const path = `blobs[${String(index)}]`;
      if (bytes.toString("base64") !== base64) {
        problems.push({ path: `${path}.base64`, message: "is not base64 with padding" });
      } else if (digestOf(bytes) !== digest) {
        problems.push({ path: `${path}.digest`, message: `received ${digest}, but the bytes have ${digestOf(bytes)}` });
      }
      return bytes;
    });
    if (problems.length > 0) throw invalidInput(problems);
    await this.store(contents);
  }

  /** Their digests, in their order. */
  store(contents: readonly Uint8Array[]): Promise<readonly Digest[]> {
    const { blobs } = this.#options;
    return mapLimited(contents, { limit: uploadLimits.filesAtOnce, work: (bytes) => blobs.put(bytes) });
  }

  /** The bytes, or null when they were never uploaded or are gone. */
  async read(digest: Digest): Promise<Uint8Array | null> {
    const known = this.#memory.get(digest);
    if (known !== undefined) return known;
    const bytes = await this.#options.blobs.read(digest);
    if (bytes !== null) this.#memory.set(digest, bytes);
    return bytes;
  }

  /** Removes the least recently asked for beyond the bound; answers how many. */
  async sweep(): Promise<number> {
    const { blobs, clock } = this.#options;
    const usedUntil = clock.now() - uploadLimits.keepMs;
    const files = [...(await blobs.list())].sort((left, right) => left.usedAt - right.usedAt);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let removed = 0;
    for (const { digest, bytes, usedAt } of files) {
      if (total <= uploadLimits.bytesMax || usedAt > usedUntil) break;
      if (!(await blobs.removeUnused(digest, usedUntil))) continue;
      total -= bytes;
      removed++;
    }
    return removed;
  }
}
