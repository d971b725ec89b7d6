/**
 * Backups as files: written whole or not at all, checked before anything of them is used.
 *
 * A backup is a database as the embedded store's, with what was asked of its blobs in the tables for them, then a footer with the digest of all.
 * It holds no master key: its secrets are as encrypted as the store's. Invariant: a file under its final name is complete and on the disk.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { sql } from "kysely";
import { backupFooterBytes, footerOf, parseBackupFooter } from "../../sdk/backup-footer.ts";
import { isDigest } from "../../sdk/artifact-format.ts";
import type { Digest } from "../../sdk/artifact.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { syncFolder } from "../blobs/durable-file.ts";
import type { FgsFunctionRow } from "../functiongraph/fgs-row.ts";
import { partsOf } from "../store/postgres-blobs.ts";
import { openDatabase, overDatabase, type SqliteStore } from "../store/sqlite.ts";

/** `inside`: in the file. `beside`: in a folder of blobs next to it. */
export type BlobPlace = "inside" | "beside";

export interface BackupSource {
  readonly store: Pick<SqliteStore, "copyTo">;
  readonly artifacts: Pick<BlobStore, "read">;
}

export interface WriteBackupOptions {
  readonly file: string;
  readonly blobs: BlobPlace;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Writes a new backup; answers with the blobs that its versions need. @throws when a blob is missing or anything cannot be written. */
export async function writeBackup(
  { store, artifacts }: BackupSource,
  { file, blobs, createdAt }: WriteBackupOptions,
): Promise<readonly Digest[]> {
  const unfinished = `${file}.part`;
  await rm(unfinished, { force: true });
  try {
    await store.copyTo(unfinished);
    const needed = await complete(unfinished, { artifacts: blobs === "inside" ? artifacts : null, createdAt });
    const handle = await open(unfinished, "a");
    try {
      await handle.chmod(0o600);
      await handle.appendFile(footerOf(await digestOfFile(unfinished, null)));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    await syncFolder(dirname(file));
    return needed;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Notes what this is, and takes blobs in; leaves one file without a log beside it. */
async function complete(
  file: string,
  { artifacts, createdAt }: { readonly artifacts: Pick<BlobStore, "read"> | null; readonly createdAt: string },
): Promise<readonly Digest[]> {
  const db = overDatabase(openDatabase(file));
  try {
    const needed = await listNeededBlobs(db);
    await db.deleteFrom("blobs").execute();
    for (const digest of artifacts === null ? [] : needed) {
      const bytes = (await artifacts?.read(digest)) ?? null;
      if (bytes === null) throw new Error(`Cannot write a backup: the artifact ${digest} is missing or damaged`);
      await db.transaction().execute(async (transaction) => {
        const kind = "artifact";
        await transaction.insertInto("blobs").values({ kind, digest, bytes: bytes.byteLength, used_at: 0 }).execute();
        for (const [part, content] of partsOf(bytes).entries()) {
          await transaction.insertInto("blob_parts").values({ kind, digest, part, content }).execute();
        }
      });
    }
    await sql`create table backup (created_at text not null, blobs text not null)`.execute(db);
    const place: BlobPlace = artifacts === null ? "beside" : "inside";
    await sql`insert into backup values (${createdAt}, ${place})`.execute(db);
    await sql`pragma journal_mode = delete`.execute(db);
    return needed;
  } finally {
    await db.destroy();
  }
}

type Tables = ReturnType<typeof overDatabase>;

export async function listNeededBlobs(db: Tables): Promise<readonly Digest[]> {
  const ofVersions = await db.selectFrom("version_blobs").select("digest").distinct().execute();
  const ofDependencies = await db.selectFrom("dependency_versions").select("archive").distinct().execute();
  const functions = await db.selectFrom("fgs_functions").select("document").execute();
  const needed = new Set([
    ...ofVersions.map(({ digest }) => digest),
    ...ofDependencies.map(({ archive }) => archive),
    ...functions.map(({ document }) => (JSON.parse(document) as FgsFunctionRow).codeBlob),
  ]);
  return [...needed].filter(isDigest).toSorted();
}

/**
 * Checks that `file` is a whole backup.
 * @throws with what is wrong.
 */
export async function checkBackup(file: string): Promise<void> {
  const { size } = await stat(file);
  const databaseBytes = size - backupFooterBytes;
  const digest = databaseBytes <= 0 ? null : parseBackupFooter(await readEnd(file, databaseBytes));
  if (digest === null) {
    throw new Error(`Cannot restore: ${file} is not a backup of Selvage, or its end is missing`);
  }
  if ((await digestOfFile(file, databaseBytes)) !== digest) {
    throw new Error(`Cannot restore: ${file} is damaged: its content does not have the digest at its end`);
  }
}

/** Makes a checked backup's copy a plain database. */
export async function cutFooter(copy: string): Promise<void> {
  const { size } = await stat(copy);
  await truncate(copy, size - backupFooterBytes);
}

async function readEnd(file: string, from: number): Promise<string> {
  const handle = await open(file, "r");
  try {
    const bytes = Buffer.alloc(backupFooterBytes);
    const { bytesRead } = await handle.read(bytes, 0, backupFooterBytes, from);
    return bytes.subarray(0, bytesRead).toString("latin1");
  } finally {
    await handle.close();
  }
}

/** Of the first `bytes`; null: of all. */
async function digestOfFile(file: string, bytes: number | null): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, bytes === null ? {} : { end: bytes - 1 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
