/**
 * Opens what a control plane keeps: the embedded store with blobs in files, or PostgreSQL with the blobs in it.
 *
 * Blobs of a shared store are in the database, so that several control planes need nothing else in common: no file server, and one thing to back
 * up. Invariant: when this throws, nothing is left open.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { BlobFolder } from "./blobs/blob-folder.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { timestamp, type Clock } from "./clock.ts";
import type { ControlPlaneConfig } from "./config.ts";
import type { Logger } from "./logger.ts";
import type { Store } from "./store.ts";
import { openPostgresStore, type PostgresStore } from "./store/postgres.ts";
import { openSqliteStore, type SqliteStore } from "./store/sqlite.ts";

export interface Storage {
  readonly store: Store;
  /** What versions are made of. */
  readonly artifacts: BlobStore;
  /** Sources on their way in. */
  readonly sources: BlobStore;
  /** What backups are made of; null: the database's own tools make them. */
  readonly files: { readonly store: SqliteStore; readonly artifacts: BlobStore; readonly blobFolder: string } | null;
  /** Where other control planes may be on the same store; null: nowhere. */
  readonly shared: PostgresStore | null;
}

export interface StorageTools {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The data folder exists. @throws when the data folder or the database is in use or unusable. */
export function openStorage(config: Pick<ControlPlaneConfig, "data" | "store">, tools: StorageTools): Promise<Storage> {
  return config.store === null ? openFiles(config.data, tools) : openDatabase(config.store, tools);
}

async function openFiles(data: string, { clock, logger }: StorageTools): Promise<Storage> {
  const store = await openSqliteStore({ file: join(data, "store.sqlite"), openedAt: timestamp(clock) });
  try {
    const folder = { uniqueId: randomUUID, now: () => clock.now(), logger };
    const artifacts = await BlobFolder.open({ ...folder, folder: join(data, "blobs"), durability: "durable" });
    const sources = await BlobFolder.open({ ...folder, folder: join(data, "uploads"), durability: "best-effort" });
    return { store, artifacts, sources, files: { store, artifacts, blobFolder: join(data, "blobs") }, shared: null };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openDatabase(url: string, { clock, logger }: StorageTools): Promise<Storage> {
  const store = await openPostgresStore({
    url,
    openedAt: timestamp(clock),
    onConnectionLost: (error) => logger.warn({ error }, "store_connection_lost"),
  });
  const options = { now: () => clock.now(), logger };
  return {
    store,
    artifacts: store.blobs({ ...options, kind: "artifact", durability: "durable" }),
    sources: store.blobs({ ...options, kind: "source", durability: "best-effort" }),
    files: null,
    shared: store,
  };
}
