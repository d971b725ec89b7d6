/**
 * Where blobs are kept: bytes named by their SHA-256, of one kind each.
 *
 * Knows nothing of what a blob is for. Invariants: a blob that can be read is whole; what `read` returns has the digest it was asked for. One
 * contract suite runs over every implementation.
 */
import type { Digest } from "../../sdk/artifact.ts";

/** `durable`: kept when `put` resolves. `best-effort`: a crash may lose it; `read` notices. */
export type Durability = "durable" | "best-effort";

export interface BlobInfo {
  readonly digest: Digest;
  readonly bytes: number;
  /** Milliseconds since the epoch: written, or last asked for by `touch`. */
  readonly usedAt: number;
}

export interface BlobStore {
  /** Stores `bytes` under their digest, which is returned. What is there already counts as used now. */
  put(bytes: Uint8Array): Promise<Digest>;
  /** The bytes named `digest`, checked, or null when there are none or they were damaged. */
  read(digest: Digest): Promise<Uint8Array | null>;
  /** Notes that the blob was asked for at `time`; false when there is none. */
  touch(digest: Digest, time: number): Promise<boolean>;
  list(): Promise<readonly BlobInfo[]>;
  /**
   * Removes the blob unless it was used after `usedUntil` (milliseconds since the epoch); true when it was removed. Look and removal are one step:
   * a `put` or `touch` that resolved with the blob there, and counts as later than `usedUntil`, keeps it.
   */
  removeUnused(digest: Digest, usedUntil: number): Promise<boolean>;
  /** Removes the blob whoever uses it. */
  remove(digest: Digest): Promise<void>;
}
