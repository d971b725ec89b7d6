import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import type { Migration } from "../../../control-plane/store/migrate.ts";
import { migrations } from "../../../control-plane/store/migrations.ts";
import { describeStore } from "./store-contract.ts";

const openedAt = "2026-01-01T00:00:00.000Z";

describeStore("the SQLite store", async () => {
  const folder = await mkdtemp(join(tmpdir(), "selvage-store-"));
  return {
    open: () => openSqliteStore({ file: join(folder, "store.sqlite"), openedAt }),
    remove: () => rm(folder, { recursive: true }),
  };
});

describe("openSqliteStore()", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvage-store-"));
    file = join(folder, "store.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("commits to the disk: write-ahead log, synchronous full, foreign keys on", () => {
    const database = openDatabase(file);
    const pragma = (name: string): unknown => Object.values(database.prepare(`pragma ${name}`).all([])[0] ?? {})[0];
    expect([pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")]).toEqual(["wal", 2, 1]);
    database.close();
  });

  it("refuses a file that another process has open", async () => {
    const store = await openSqliteStore({ file, openedAt });
    const script = `
      import { openDatabase } from ${JSON.stringify(new URL("../../../control-plane/store/sqlite.ts", import.meta.url).href)};
      try { openDatabase(${JSON.stringify(file)}); console.log("opened"); } catch (error) { console.log(error.message); }`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    await store.close();
    expect(stdout.trim()).toBe(`Cannot open the store: another process has it open: received ${file}`);
  });

  it("refuses a file that is not a database", async () => {
    await writeFile(file, "not a database, but long enough to be taken for one".repeat(100));
    await expect(openSqliteStore({ file, openedAt })).rejects.toThrow(
      "Cannot open the store: file is not a database: received",
    );
  });

  it("refuses a folder that does not exist", async () => {
    await expect(openSqliteStore({ file: join(folder, "none", "x.sqlite"), openedAt })).rejects.toThrow(
      /^Cannot open the store: unable to open database file/,
    );
  });
});

describe("migrate()", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvage-store-"));
    file = join(folder, "store.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = async (steps: readonly Migration[]): Promise<void> => {
    const store = await openSqliteStore({ file, openedAt, migrations: steps });
    await store.close();
  };
  const later: Migration = {
    name: "later",
    up: async (db) => {
      await sql`create table later (id integer)`.execute(db);
    },
  };
  const tables = (): string[] => {
    const database = openDatabase(file);
    const rows = database.prepare("select name from sqlite_master where type = 'table'").all([]);
    database.close();
    return (rows as { name: string }[]).map(({ name }) => name);
  };

  it("applies each step once, in order, also over several starts", async () => {
    await open(migrations);
    await open([...migrations, later]);
    await open([...migrations, later]);
    expect(tables()).toContain("later");
  });

  it.each(migrations.map(({ name }, index) => [index, name] as const))(
    "brings a file of %i steps (the next is %s) to the present schema",
    async (count) => {
      await open(migrations.slice(0, count));
      const store = await openSqliteStore({ file, openedAt });
      await store.change(({ functions }) =>
        functions.insert({ name: "a", description: "", enabled: true, createdAt: openedAt }),
      );
      expect(await store.read(({ functions }) => functions.list())).toHaveLength(1);
      await store.close();
    },
  );

  it("makes version 1 of every domain there is when domains get versions", async () => {
    await open(
      migrations.slice(
        0,
        migrations.findIndex(({ name }) => name === "domain-versions"),
      ),
    );
    const old = openDatabase(file);
    const run = (text: string): void => void old.prepare(text).all([]);
    run("insert into functions values ('gate', '', 1, 'now')");
    run(`insert into domains values ('a.example.com', '{"domain":"a.example.com"}', 'then')`);
    run(
      `insert into rules values ('a.example.com', 0, 'clientRequest', 'all', null, 'gate', 'v1', null, 7, 1, 0, 'fail')`,
    );
    old.close();
    const store = await openSqliteStore({ file, openedAt });
    const read = await store.read(async ({ domains, domainVersions }) => ({
      row: await domains.get("a.example.com"),
      version: await domainVersions.get("a.example.com", 1),
    }));
    await store.close();
    expect(read.row?.version).toBe(1);
    expect(read.version).toMatchObject({ createdAt: "then", config: { domain: "a.example.com" } });
    expect(read.version?.rules).toEqual(read.row?.rules);
  });

  it("leaves nothing of a step that fails and can be tried again", async () => {
    const broken: Migration = {
      name: "later",
      up: async (db) => {
        await later.up(db);
        throw new Error("half way");
      },
    };
    await expect(open([...migrations, broken])).rejects.toThrow("half way");
    expect(tables()).not.toContain("later");
    await open([...migrations, later]);
    expect(tables()).toContain("later");
  });

  it("refuses what a newer program wrote", async () => {
    await open([...migrations, later]);
    await expect(open(migrations)).rejects.toThrow(
      `Cannot open the store: it holds schema step ${migrations.length + 1} "later", this program knows no such step: use the newer program`,
    );
  });

  it("refuses steps under other names", async () => {
    await open([...migrations, later]);
    await expect(open([...migrations, { ...later, name: "different" }])).rejects.toThrow(
      `it holds schema step ${migrations.length + 1} "later", this program knows "different"`,
    );
  });
});
