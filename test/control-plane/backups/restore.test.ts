import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restoreBackup, type Restored } from "../../../control-plane/backups/restore.ts";
import { writeBackup } from "../../../control-plane/backups/backup-file.ts";
import { BlobFolder } from "../../../control-plane/blobs/blob-folder.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { migrations } from "../../../control-plane/store/migrations.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import type { EnvironmentResource, FunctionResource, RevisionResource } from "../../../sdk/api.ts";
import { packArchive } from "../../../sdk/code-archive.ts";
import { SelvageClient } from "../../../sdk/client.ts";
import { uploadArchive } from "../../../sdk/upload-archive.ts";
import { runTool } from "../../sdk/cli/run-tool.ts";
import { adminToken, answering, TestControlPlane } from "../test-control-plane.ts";

/** As clients of FunctionGraph send them. */
const asClient = { token: null, headers: { "x-auth-token": adminToken } };
const settings = { runtime: "Node.js18.15", timeout: 3, handler: "index.handler", memory_size: 128 };

let control: TestControlPlane;
let target: string;
let backup: string;
let ids = 0;
beforeAll(async () => {
  control = await TestControlPlane.start();
  await control.publish("hello", answering("hi"), { version: "v1" });
  const client = new SelvageClient({ url: control.url, token: adminToken });
  const archive = packArchive([{ path: "index.js", bytes: Buffer.from("module.exports = 1;") }]);
  await client.dependencies.create("pad", { source: await uploadArchive(client, archive) });
  await control.ok("POST /v2/p/fgs/functions", { ...asClient, body: { func_name: "managed", ...settings } });
  await control.ok("PUT /v1/functions/hello/environment", { body: { variables: {}, secrets: { KEY: "value" } } });
  const folder = await mkdtemp(join(tmpdir(), "selvage-restore-"));
  backup = join(folder, "saved.backup");
  const flags = ["--url", control.url, "--token", adminToken];
  const { code, stderr } = await runTool(["backup", "--to", "saved.backup", ...flags], { workingDirectory: folder });
  if (code !== 0) throw new Error(stderr);
});
afterAll(async () => {
  await rm(join(backup, ".."), { recursive: true });
  await control.close();
});
beforeEach(async () => {
  target = await mkdtemp(join(tmpdir(), "selvage-restored-"));
  await copyFile(join(control.folder, "master.key"), join(target, "master.key"));
});
afterEach(() => rm(target, { recursive: true, force: true }));

function restore(file: string, data = target): Promise<Restored> {
  return restoreBackup({
    file,
    config: { data, masterKeyFile: join(data, "master.key"), store: null },
    nowMs: Date.parse("2026-05-06T07:08:09.000Z"),
    uniqueId: () => String(++ids),
    logger: silentLogger,
  });
}

describe("restoreBackup()", () => {
  it("brings everything back on another machine with the same master key, artifacts and secrets included", async () => {
    const restored = await restore(backup);
    expect(restored.previous).toBeNull();
    const again = await TestControlPlane.startIn(target);
    const hello = await again.ok<FunctionResource>("GET /v1/functions/hello");
    expect(hello.latest).toBe("v1");
    const environment = await again.ok<EnvironmentResource>("GET /v1/functions/hello/environment");
    expect(environment.secrets).toEqual(["KEY"]);
    const { revision } = await again.ok<RevisionResource>("GET /v1/revisions/current");
    expect(revision).toBe(restored.revision);
    await again.publish("more", answering("more"));
    await again.publish("user", `import x from "pad"; export default { fetch: () => new Response(x) };`, {
      dependencies: { pad: 1 },
    });
    const config = "PUT /v2/p/fgs/functions/urn:fss:local:p:function:default:managed/config";
    await again.ok(config, { ...asClient, body: { ...settings, memory_size: 256 } });
    expect((await readdir(target)).filter((name) => name.startsWith("restore-"))).toEqual([]);
    await again.close();
  });

  it("keeps the store that was there, and goes on at a revision that no node has seen", async () => {
    const old = await TestControlPlane.startIn(target);
    for (const name of ["a", "b", "c", "d"]) await old.publish(name, answering(name));
    const { revision: before } = await old.ok<RevisionResource>("GET /v1/revisions/current");
    await old.stop();
    const { previous, revision } = await restore(backup);
    expect(revision).toBe(before + 1);
    expect(previous).toBe(join(target, "store.before-restore-20260506070809.sqlite"));
    const kept = await openSqliteStore({ file: previous ?? "", openedAt: "" });
    const names = (await kept.read(({ functions }) => functions.list())).map(({ name }) => name);
    await kept.close();
    expect(names).toEqual(["a", "b", "c", "d"]);
  });

  it("refuses while a control plane runs on the store", async () => {
    await expect(restore(backup, control.folder)).rejects.toThrow(
      /^Cannot restore: another process has it open: received .*store\.sqlite: stop the control plane first/,
    );
    expect(await control.ok<FunctionResource>("GET /v1/functions/hello")).toMatchObject({ latest: "v1" });
  });

  it.each([
    [
      "a byte changed",
      async (bytes: Buffer) => (bytes.writeUInt8(bytes.readUInt8(5_000) ^ 1, 5_000), bytes),
      /is damaged/,
    ],
    [
      "its end missing",
      async (bytes: Buffer) => bytes.subarray(0, -10),
      /is not a backup of Selvage, or its end is missing/,
    ],
    [
      "its middle missing",
      async (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4_096), bytes.subarray(8_192)]),
      /is damaged/,
    ],
    ["nothing in it", async () => Buffer.alloc(0), /is not a backup of Selvage/],
    ["something else in it", async () => Buffer.alloc(100_000, "x"), /is not a backup of Selvage/],
  ])("refuses a file with %s and changes nothing", async (_what, change, expected) => {
    const file = join(target, "broken.backup");
    await writeFile(file, await change(await readFile(backup)));
    await expect(restore(file)).rejects.toThrow(expected);
    expect((await readdir(target)).sort()).toEqual(["broken.backup", "master.key"]);
  });

  it("refuses another master key and none", async () => {
    await writeFile(join(target, "master.key"), "0".repeat(64));
    await expect(restore(backup)).rejects.toThrow(/^Cannot restore: the backup was encrypted under another master key/);
    await rm(join(target, "master.key"));
    await expect(restore(backup)).rejects.toThrow(
      /^Cannot restore: the master key is missing: received no file .*: backups do not hold it/,
    );
    expect(await readdir(target)).toEqual([]);
  });

  it("refuses what a newer program wrote", async () => {
    const later = {
      name: "later",
      up: async (db: Parameters<(typeof migrations)[0]["up"]>[0]) =>
        void (await sql`create table later (id integer)`.execute(db)),
    };
    const store = await openSqliteStore({
      file: join(target, "newer.sqlite"),
      openedAt: "",
      migrations: [...migrations, later],
    });
    const file = join(target, "newer.backup");
    await writeBackup({ store, artifacts: { read: async () => null } }, { file, blobs: "beside", createdAt: "" });
    await store.close();
    await expect(restore(file)).rejects.toThrow(/"later", this program knows no such step: use the newer program/);
    expect(await readdir(target)).not.toContain("store.sqlite");
  });

  it("takes an hourly backup with the blobs beside it, and refuses it without them", async () => {
    const store = await openSqliteStore({ file: ":memory:", openedAt: "" });
    await store.close();
    const folder = await mkdtemp(join(tmpdir(), "selvage-hourly-"));
    const source = await mkdtemp(join(tmpdir(), "selvage-source-"));
    await copyFile(join(control.folder, "master.key"), join(source, "master.key"));
    await restore(backup, source);
    const open = await openSqliteStore({ file: join(source, "store.sqlite"), openedAt: "" });
    const artifacts = await BlobFolder.open({
      folder: join(source, "blobs"),
      durability: "durable",
      now: () => 0,
      uniqueId: () => String(++ids),
      logger: silentLogger,
    });
    const file = join(folder, "hour.backup");
    const needed = await writeBackup({ store: open, artifacts }, { file, blobs: "beside", createdAt: "2026-01-01" });
    await open.close();
    await expect(restore(file)).rejects.toThrow(
      /^Cannot restore: \d of the artifacts that its versions need are missing or damaged, for example [0-9a-f]{64}/,
    );
    const beside = await BlobFolder.open({
      folder: join(folder, "blobs"),
      durability: "durable",
      now: () => 0,
      uniqueId: () => String(++ids),
      logger: silentLogger,
    });
    for (const digest of needed) await beside.put((await artifacts.read(digest)) ?? Buffer.alloc(0));
    expect((await restore(file)).createdAt).toBe("2026-01-01");
    await rm(folder, { recursive: true });
    await rm(source, { recursive: true });
  });

  it("refuses PostgreSQL", async () => {
    const config = { data: target, masterKeyFile: join(target, "master.key"), store: "postgres://x/y" };
    await expect(
      restoreBackup({ file: backup, config, nowMs: 0, uniqueId: () => "1", logger: silentLogger }),
    ).rejects.toThrow(/pg_restore/);
  });
});

describe("the command line", () => {
  it("restores with the control plane's flags", async () => {
    const world = { workingDirectory: target };
    expect((await runTool(["restore", "none.backup", "--data", "."], world)).code).toBe(1);
    expect((await runTool(["restore", backup, "--data", ".", "--colour", "blue"], world)).code).toBe(2);
    expect(await readdir(target)).toEqual(["master.key"]);
    expect((await runTool(["restore", backup, "--data", "."], world)).code).toBe(0);
    expect((await readdir(target)).sort()).toEqual(["blobs", "master.key", "store.sqlite"]);
  });

  it("does not write over a file, and needs an administrator", async () => {
    const flags = ["--url", control.url, "--token", adminToken];
    const world = { workingDirectory: target };
    expect((await runTool(["backup", "--to", backup, ...flags], world)).code).toBe(3);
    const { token } = await control.createToken("publisher");
    expect((await runTool(["backup", "--url", control.url, "--token", token], world)).code).toBe(5);
    expect(await readdir(target)).toEqual(["master.key"]);
  });
});
