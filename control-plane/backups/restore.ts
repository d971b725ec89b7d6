/**
 * Puts a backup in the place of the embedded store, on a machine where no control plane runs on it.
 *
 * Invariants: nothing of what is there is touched before the backup is known to be whole, of a version this program knows, complete with its blobs
 * and encrypted under the master key that is there; the store that was there is kept under another name; at any instant the store is either the
 * old or the new one.
 */
import { copyFile, link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sql } from "kysely";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import { BlobFolder } from "../blobs/blob-folder.ts";
import { syncFolder } from "../blobs/durable-file.ts";
import type { ControlPlaneConfig } from "../config.ts";
import { readMasterKey, WrongMasterKey } from "../keys/master-key.ts";
import { readSigningKey } from "../keys/signing-keys.ts";
import type { Logger } from "../logger.ts";
import { openDatabase, openSqliteStore, overDatabase } from "../store/sqlite.ts";
import { checkBackup, cutFooter, listNeededBlobs } from "./backup-file.ts";

export interface RestoreOptions {
  readonly file: string;
  readonly config: Pick<ControlPlaneConfig, "data" | "masterKeyFile" | "store">;
  readonly nowMs: number;
  readonly uniqueId: () => string;
  readonly logger: Logger;
}

export interface Restored {
  /** When the backup was made, ISO 8601. */
  readonly createdAt: string;
  /** What nodes are told next. */
  readonly revision: number;
  /** Where the store that was there is now; null: there was none. */
  readonly previous: string | null;
}

/** @throws with the reason when it cannot be restored; then nothing is changed. */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, config, uniqueId } = options;
  if (config.store !== null) {
    throw new Error(
      "Cannot restore: the store is in PostgreSQL, allowed: the embedded store; restore PostgreSQL with pg_restore",
    );
  }
  await checkBackup(file);
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const old = await lockStore(join(config.data, "store.sqlite"));
  const folder = join(config.data, `restore-${uniqueId()}`);
  try {
    await mkdir(folder, { mode: 0o700 });
    const copy = join(folder, "store.sqlite");
    await copyFile(file, copy);
    await cutFooter(copy);
    const createdAt = await unpack(copy, options);
    const revision = await finish(copy, { ...options, oldRevision: old?.revision ?? 0 });
    const previous = old === null ? null : await keepOld(options);
    await rename(copy, join(config.data, "store.sqlite"));
    await syncFolder(config.data);
    return { createdAt, revision, previous };
  } finally {
    await old?.release();
    await rm(folder, { recursive: true, force: true });
  }
}

interface OldStore {
  readonly revision: number;
  release(): Promise<void>;
}

/** Holds SQLite's own lock on the store that is there, and leaves its file complete without a log beside it. */
async function lockStore(file: string): Promise<OldStore | null> {
  if (!(await exists(file))) return null;
  let db: ReturnType<typeof overDatabase>;
  try {
    db = overDatabase(openDatabase(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Cannot restore: ${reason.replace(/^Cannot open the store: /, "")}: stop the control plane first, or move a damaged store away`,
      { cause: error },
    );
  }
  try {
    const rows = await sql<{ revision: number | null }>`select max(revision) as revision from revisions`.execute(db);
    await sql`pragma journal_mode = delete`.execute(db);
    return { revision: rows.rows[0]?.revision ?? 0, release: () => db.destroy() };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Checks what is in the copy, brings it to the present schema and its blobs to their place. Answers when it was made. */
async function unpack(copy: string, options: RestoreOptions): Promise<string> {
  const { config, file, nowMs, uniqueId, logger } = options;
  // Brings an older one forward, and refuses what a newer program wrote.
  const store = await openSqliteStore({ file: copy, openedAt: new Date(nowMs).toISOString() });
  try {
    await checkMasterKey(store, config.masterKeyFile);
  } finally {
    await store.close();
  }
  const db = overDatabase(openDatabase(copy));
  try {
    const [integrity] = (await sql<{ integrity_check: string }>`pragma integrity_check(1)`.execute(db)).rows;
    if (integrity?.integrity_check !== "ok") throw new Error(`Cannot restore: ${file} is damaged`);
    const [about] = (await sql<{ created_at: string }>`select created_at from backup`.execute(db)).rows;
    const blobs = await BlobFolder.open({
      folder: join(config.data, "blobs"),
      durability: "durable",
      now: () => nowMs,
      uniqueId,
      logger,
    });
    const missing: Digest[] = [];
    for (const digest of await listNeededBlobs(db)) {
      const bytes = (await readInside(db, digest)) ?? (await readBeside(file, digest)) ?? (await blobs.read(digest));
      if (bytes === null || digestOf(bytes) !== digest) missing.push(digest);
      else await blobs.put(bytes);
    }
    if (missing.length > 0) {
      throw new Error(
        `Cannot restore: ${String(missing.length)} of the artifacts that its versions need are missing or damaged, ` +
          `for example ${String(missing[0])}: a backup of the hourly ones needs the folder blobs beside it`,
      );
    }
    return about?.created_at ?? "";
  } finally {
    await db.destroy();
  }
}

async function checkMasterKey(store: Awaited<ReturnType<typeof openSqliteStore>>, keyFile: string): Promise<void> {
  const masterKey = await readMasterKey(keyFile);
  if (masterKey === null) {
    throw new Error(`Cannot restore: the master key is missing: received no file ${keyFile}: backups do not hold it`);
  }
  try {
    await store.read((view) => readSigningKey(view, masterKey));
  } catch (cause) {
    if (!(cause instanceof WrongMasterKey)) throw cause;
    throw new Error(`Cannot restore: the backup was encrypted under another master key: received ${keyFile}`, {
      cause,
    });
  }
}

/** Makes the copy a store: without blobs, at a revision that no node has seen. */
async function finish(
  copy: string,
  { oldRevision, nowMs }: RestoreOptions & { readonly oldRevision: number },
): Promise<number> {
  const db = overDatabase(openDatabase(copy));
  try {
    await sql`drop table backup`.execute(db);
    await db.deleteFrom("blob_parts").execute();
    await db.deleteFrom("blobs").execute();
    const rows = await sql<{ revision: number | null }>`select max(revision) as revision from revisions`.execute(db);
    const revision = Math.max(rows.rows[0]?.revision ?? 0, oldRevision) + 1;
    await db
      .insertInto("revisions")
      .values({ revision, created_at: new Date(nowMs).toISOString() })
      .execute();
    await sql`vacuum`.execute(db);
    await sql`pragma journal_mode = delete`.execute(db);
    return revision;
  } finally {
    await db.destroy();
    await syncFile(copy);
  }
}

/** A second name for the old file, so that the rename that follows replaces one name only. */
async function keepOld({ config, nowMs }: RestoreOptions): Promise<string> {
  const previous = join(
    config.data,
    `store.before-restore-${new Date(nowMs).toISOString().replace(/\D/g, "").slice(0, 14)}.sqlite`,
  );
  await link(join(config.data, "store.sqlite"), previous);
  return previous;
}

async function readInside(db: ReturnType<typeof overDatabase>, digest: Digest): Promise<Uint8Array | null> {
  const parts = await db
    .selectFrom("blob_parts")
    .select("content")
    .where("digest", "=", digest)
    .orderBy("part")
    .execute();
  return parts.length === 0 ? null : Buffer.concat(parts.map(({ content }) => content));
}

async function readBeside(file: string, digest: Digest): Promise<Uint8Array | null> {
  const bytes = await readFile(join(dirname(file), "blobs", digest.slice(0, 2), digest)).catch(() => null);
  return bytes !== null && digestOf(bytes) === digest ? bytes : null;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
