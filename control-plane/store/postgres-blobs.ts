/**
 * Blobs in PostgreSQL, where every control plane on the database sees them: rows of at most 1 MiB each, read and written one at a time.
 *
 * Two control planes that store the same bytes at once store them once. Invariants: a blob's row and all of its parts are one transaction; the
 * changes of the store do not wait for it.
 */
import { sql, type Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import { digestOf, isDigest } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { BlobInfo, BlobStore, Durability } from "../blobs/blob-store.ts";
import type { Logger } from "../logger.ts";
import { nameStoreErrors, type StoreReason } from "../store-error.ts";
import type { Tables } from "./schema.ts";

/** `artifact`: what versions are made of. `source`: files on their way in. */
export type BlobKind = "artifact" | "source";

export interface SharedBlobOptions {
  readonly kind: BlobKind;
  readonly durability: Durability;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

export const sharedBlobLimits = {
  /** Of one row. */
  partBytesMax: 1_048_576,
  /** Checked bytes of one kind in memory: every node of a fleet asks for the same blobs. */
  memoryBytesMax: 67_108_864,
} as const;

export class PostgresBlobs implements BlobStore {
  readonly #db: Kysely<Tables>;
  readonly #options: SharedBlobOptions & { readonly reasonOf: (error: unknown) => StoreReason | null };
  readonly #memory = new LRUCache<Digest, Uint8Array>({
    maxSize: sharedBlobLimits.memoryBytesMax,
    sizeCalculation: ({ byteLength }) => byteLength + 128,
  });

  constructor(
    db: Kysely<Tables>,
    options: SharedBlobOptions & { readonly reasonOf: (error: unknown) => StoreReason | null },
  ) {
    this.#db = db;
    this.#options = options;
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if ((await this.touch(digest, this.#options.now())) && (await this.read(digest)) !== null) return digest;
    await this.#named(this.#write(digest, bytes));
    return digest;
  }

  async read(digest: Digest): Promise<Uint8Array | null> {
    if (!isDigest(digest)) return null;
    const known = this.#memory.get(digest);
    if (known !== undefined) return known;
    const bytes = await this.#named(this.#readParts(digest));
    if (bytes === null) return null;
    if (digestOf(bytes) === digest) {
      this.#memory.set(digest, bytes);
      return bytes;
    }
    this.#options.logger.error({ digest, bytes: bytes.byteLength }, "blob_corrupt");
    await this.remove(digest);
    return null;
  }

  async touch(digest: Digest, time: number): Promise<boolean> {
    const { kind } = this.#options;
    const query = this.#db
      .updateTable("blobs")
      .set({ used_at: time })
      .where("kind", "=", kind)
      .where("digest", "=", digest);
    const { numUpdatedRows } = await this.#named(query.executeTakeFirst());
    return numUpdatedRows > 0n;
  }

  async list(): Promise<readonly BlobInfo[]> {
    const query = this.#db.selectFrom("blobs").selectAll().where("kind", "=", this.#options.kind).orderBy("digest");
    const rows = await this.#named(query.execute());
    return rows.map(({ digest, bytes, used_at: usedAt }) => ({ digest, bytes, usedAt }));
  }

  /** Somebody who touches the row at this moment comes before, and keeps it, or after, and finds none. */
  async removeUnused(digest: Digest, usedUntil: number): Promise<boolean> {
    const query = this.#db
      .deleteFrom("blobs")
      .where("kind", "=", this.#options.kind)
      .where("digest", "=", digest)
      .where("used_at", "<=", usedUntil);
    const { numDeletedRows } = await this.#named(query.executeTakeFirst());
    if (numDeletedRows === 0n) return false;
    this.#memory.delete(digest);
    return true;
  }

  async remove(digest: Digest): Promise<void> {
    this.#memory.delete(digest);
    const query = this.#db.deleteFrom("blobs").where("kind", "=", this.#options.kind).where("digest", "=", digest);
    await this.#named(query.execute());
  }

  async #write(digest: Digest, bytes: Uint8Array): Promise<void> {
    const { kind, durability, now } = this.#options;
    await this.#db.transaction().execute(async (transaction) => {
      if (durability === "best-effort") await sql`set local synchronous_commit = off`.execute(transaction);
      // Whoever stores the same bytes at this moment has this row until its parts are there, too.
      await transaction
        .insertInto("blobs")
        .values({ kind, digest, bytes: bytes.byteLength, used_at: now() })
        .onConflict((conflict) => conflict.columns(["kind", "digest"]).doUpdateSet({ used_at: now() }))
        .execute();
      for (const [part, content] of partsOf(bytes).entries()) {
        await transaction
          .insertInto("blob_parts")
          .values({ kind, digest, part, content })
          .onConflict((conflict) => conflict.columns(["kind", "digest", "part"]).doNothing())
          .execute();
      }
    });
  }

  /** Part by part, so that no answer of the database holds more than one. */
  async #readParts(digest: Digest): Promise<Uint8Array | null> {
    const { kind } = this.#options;
    const head = await this.#db
      .selectFrom("blobs")
      .select("bytes")
      .where("kind", "=", kind)
      .where("digest", "=", digest)
      .executeTakeFirst();
    if (head === undefined) return null;
    const parts: Uint8Array[] = [];
    for (let read = 0, part = 0; read < head.bytes; part++) {
      const row = await this.#db
        .selectFrom("blob_parts")
        .select("content")
        .where("kind", "=", kind)
        .where("digest", "=", digest)
        .where("part", "=", part)
        .executeTakeFirst();
      // Removed since.
      if (row === undefined || row.content.byteLength === 0) return null;
      parts.push(row.content);
      read += row.content.byteLength;
    }
    return Buffer.concat(parts);
  }

  #named<T>(running: Promise<T>): Promise<T> {
    return nameStoreErrors(running, this.#options.reasonOf);
  }
}

/** Pieces of at most `partBytesMax` bytes. */
export function partsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const { partBytesMax } = sharedBlobLimits;
  const count = Math.ceil(bytes.byteLength / partBytesMax);
  return Array.from({ length: count }, (_, part) => bytes.subarray(part * partBytesMax, (part + 1) * partBytesMax));
}
