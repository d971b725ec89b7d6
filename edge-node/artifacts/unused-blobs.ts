/**
 * Keeps the disk bounded: remembers which blobs stopped being used, and evicts the longest unused beyond a bound.
 *
 * Invariant: what the served state needs is never evicted; the disk is walked at most once in `EVICT_MS`.
 */
import type { Digest } from "../../sdk/artifact.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { BlobFolder } from "./blob-folder.ts";

export interface UnusedBlobsOptions {
  readonly blobs: BlobFolder;
  /** Bytes kept beyond those in use. */
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const EVICT_MS = 60_000;

export class UnusedBlobs {
  readonly #options: UnusedBlobsOptions;
  #inUse: ReadonlySet<Digest> = new Set();
  #evictedMs: number | null = null;

  constructor(options: UnusedBlobsOptions) {
    this.#options = options;
  }

  /** These and no other blobs are in use now. No blob may be written meanwhile. Failures of the disk are logged. */
  async noteInUse(digests: ReadonlySet<Digest>): Promise<void> {
    const { blobs, bytesMax, clock, logger } = this.#options;
    const left = [...this.#inUse].filter((digest) => !digests.has(digest));
    this.#inUse = digests;
    try {
      await blobs.touch(left);
      const nowMs = clock.monotonicMs();
      if (this.#evictedMs !== null && nowMs - this.#evictedMs < EVICT_MS) return;
      this.#evictedMs = nowMs;
      const freedBytes = await blobs.evict({ inUse: digests, bytesMax });
      if (freedBytes > 0) logger.info({ freedBytes }, "blobs.evicted");
    } catch (error) {
      logger.error({ err: error }, "blobs.evict.failed");
    }
  }
}
