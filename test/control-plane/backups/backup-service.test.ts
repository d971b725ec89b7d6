import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BackupService, type BackupServiceOptions } from "../../../control-plane/backups/backup-service.ts";
import { checkBackup } from "../../../control-plane/backups/backup-file.ts";
import { BlobFolder } from "../../../control-plane/blobs/blob-folder.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { openSqliteStore, type SqliteStore } from "../../../control-plane/store/sqlite.ts";
import { FakeClock } from "../fake-clock.ts";
import { versionRow } from "../store/version-row.ts";

const hourMs = 3_600_000;
let folder: string;
let clock: FakeClock;
let store: SqliteStore;
let artifacts: BlobFolder;
let service: BackupService | null;
let ids = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-backups-"));
  clock = new FakeClock();
  store = await openSqliteStore({ file: join(folder, "store.sqlite"), openedAt: "2026-01-01T00:00:00.000Z" });
  artifacts = await BlobFolder.open({
    folder: join(folder, "blobs"),
    durability: "durable",
    now: () => clock.now(),
    uniqueId: () => String(++ids),
    logger: silentLogger,
  });
  service = null;
});
afterEach(async () => {
  await service?.close();
  await store.close();
  await rm(folder, { recursive: true });
});

const backups = (): string => join(folder, "backups");

async function start(changes: Partial<BackupServiceOptions> = {}): Promise<BackupService> {
  service = new BackupService({
    source: { store, artifacts, blobFolder: join(folder, "blobs") },
    folder: backups(),
    everyMinutes: 60,
    keepDays: 7,
    clock,
    logger: silentLogger,
    uniqueId: () => String(++ids),
    ...changes,
  });
  await service.start();
  return service;
}

const list = async (): Promise<string[]> =>
  (await readdir(backups()).catch(() => [])).filter((name) => name.endsWith(".backup")).sort();
/** Lets the time pass and waits for the backup that is then due; the timer of the next is set. */
async function due(afterMs = 0): Promise<void> {
  clock.advance(afterMs);
  const newest = new Date(clock.now()).toISOString();
  await expect.poll(() => service?.state?.lastAt).toBe(newest);
}
/** Lets `hours` pass, each until its backup is there. */
async function pass(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) await due(hourMs);
}

/** A version with one blob; answers the blob's digest. */
async function publish(version: string): Promise<string> {
  const digest = await artifacts.put(Buffer.from(`of ${version}`));
  await store.change(async ({ functions, versions }) => {
    if ((await functions.get("f")) === null) {
      await functions.insert({ name: "f", description: "", enabled: true, createdAt: "" });
    }
    await versions.insert({ ...versionRow({ function: "f", version }), blobs: [digest] });
  });
  return digest;
}

describe("BackupService", () => {
  it("makes a whole backup at once and then every hour, readable by nobody else", async () => {
    await publish("v1");
    await start();
    await due();
    expect(await list()).toEqual(["store-20260102-030405.backup"]);
    await pass(2);
    const files = await list();
    expect(files).toHaveLength(3);
    for (const name of files) {
      await checkBackup(join(backups(), name));
      expect((await stat(join(backups(), name))).mode & 0o777).toBe(0o600);
    }
    expect(await readdir(backups())).toEqual(["blobs", ...files]);
  });

  it("waits for the rest of the hour when it starts again", async () => {
    await start();
    await due();
    expect(await list()).toHaveLength(1);
    await service?.close();
    clock.advance(hourMs / 2);
    await start();
    expect(service?.state).toEqual({ lastAt: "2026-01-02T03:04:05.000Z", isFailing: false });
    clock.advance(hourMs / 2 - 1);
    expect(await list()).toHaveLength(1);
    await due(1);
    expect(await list()).toHaveLength(2);
  });

  it("keeps the blobs that a kept backup needs, also of deleted versions, and no others", async () => {
    const digest = await publish("v1");
    await start({ keepDays: 1 });
    await due();
    expect(await list()).toHaveLength(1);
    await store.change(({ versions }) => versions.delete("f", "v1"));
    await artifacts.remove(digest);
    const kept = await publish("v2");
    const blobFile = (name: string): string => join(backups(), "blobs", name.slice(0, 2), name);
    await pass(24);
    expect(await readFile(blobFile(digest), "utf8")).toBe("of v1");
    await pass(1);
    expect(await list()).toHaveLength(25);
    await expect(readFile(blobFile(digest), "utf8")).rejects.toThrow("ENOENT");
    expect(await readFile(blobFile(kept), "utf8")).toBe("of v2");
  });

  it("keeps the newest however old it is", async () => {
    await start();
    await due();
    expect(await list()).toHaveLength(1);
    await service?.close();
    clock.advance(100 * 24 * hourMs);
    await start();
    await due();
    expect(await list()).toEqual([expect.stringContaining("store-202604")]);
  });

  it("shows that one failed until the next succeeds, and tries again soon", async () => {
    const digest = await publish("v1");
    await artifacts.remove(digest);
    await start();
    clock.advance(0);
    await expect.poll(() => service?.state).toEqual({ lastAt: null, isFailing: true });
    expect(await list()).toEqual([]);
    await artifacts.put(Buffer.from("of v1"));
    clock.advance(5 * 60_000);
    await expect.poll(() => service?.state?.isFailing).toBe(false);
    expect(await list()).toHaveLength(1);
  });

  it("shows that its folder cannot be used", async () => {
    await writeFile(backups(), "a file where the folder should be");
    await start({ folder: join(backups(), "in-a-file") });
    clock.advance(0);
    await expect.poll(() => service?.state?.isFailing).toBe(true);
  });

  it("makes none by itself when asked not to, or where the store is in PostgreSQL", async () => {
    expect((await start({ everyMinutes: 0 })).state).toBeNull();
    clock.advance(10 * hourMs);
    const inPostgres = await start({ source: null });
    expect(inPostgres.state).toBeNull();
    clock.advance(10 * hourMs);
    expect(await list()).toEqual([]);
    await expect(inPostgres.create()).rejects.toMatchObject({ code: "CONFLICT", message: /pg_dump/ });
  });

  it("refuses to write two at once, and removes the file of one that was read", async () => {
    await publish("v1");
    const running = await start({ everyMinutes: 0 });
    const creating = running.create();
    await expect(running.create()).rejects.toMatchObject({ code: "STORE_BUSY" });
    const { bytes, stream } = await creating;
    const chunks = await stream.toArray();
    expect(Buffer.concat(chunks as Buffer[]).byteLength).toBe(bytes);
    await expect.poll(() => readdir(join(backups(), "tmp"))).toEqual([]);
  });

  it("copies the store while it is changed, as it was at one moment", async () => {
    await start({ everyMinutes: 0 });
    const insert = (index: number): Promise<void> =>
      store.change(async ({ functions }) => {
        for (const half of ["a", "b"]) {
          const name = `${half}${String(index)}`;
          await functions.insert({ name, description: "x".repeat(500), enabled: true, createdAt: "" });
        }
      });
    for (let index = 0; index < 200; index++) await insert(index);
    const copy = join(folder, "copy.sqlite");
    const copying = store.copyTo(copy);
    for (let index = 200; index < 260; index++) await insert(index);
    await copying;
    const opened = await openSqliteStore({ file: copy, openedAt: "" });
    const names = (await opened.read(({ functions }) => functions.list())).map(({ name }) => name);
    await opened.close();
    const halves = (half: string): string[] =>
      names.filter((name) => name.startsWith(half)).map((name) => name.slice(1));
    expect(halves("a")).toEqual(halves("b"));
    expect(halves("a").length).toBeGreaterThanOrEqual(200);
  });
});
