import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import type { Store } from "../../../control-plane/store.ts";
import type { Migration } from "../../../control-plane/store/migrate.ts";
import { migrations } from "../../../control-plane/store/migrations.ts";
import { openPostgresStore } from "../../../control-plane/store/postgres.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../../support/postgres-server.ts";
import { describeStore } from "./store-contract.ts";

const openedAt = "2026-01-01T00:00:00.000Z";

describe.runIf(findPostgres().kind === "available")("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  describeStore("the PostgreSQL store", async () => {
    const url = await server.createDatabase();
    return { open: () => openPostgresStore({ url, openedAt }), remove: () => Promise.resolve() };
  });

  const functionRow = (name: string) => ({ name, description: "", enabled: true, createdAt: openedAt });

  describe("two control planes on one database", () => {
    it("bring an empty one to the schema at once", async () => {
      const url = await server.createDatabase();
      const stores = await Promise.all([1, 2, 3].map(() => openPostgresStore({ url, openedAt })));
      const seen = await Promise.all(stores.map((store) => store.read(({ functions }) => functions.list())));
      expect(seen).toEqual([[], [], []]);
      await Promise.all(stores.map((store) => store.close()));
    });

    it("change it one after the other and see what the other changed", async () => {
      const url = await server.createDatabase();
      const stores = [await openPostgresStore({ url, openedAt }), await openPostgresStore({ url, openedAt })];
      const next = (store: Store): Promise<number> =>
        store.change(async ({ revisions }) => (await revisions.next(openedAt)).revision);
      const given = await Promise.all(Array.from({ length: 20 }, () => stores.map(next)).flat());
      expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      const seen = await Promise.all(stores.map((store) => store.read(({ revisions }) => revisions.current())));
      expect(seen.map(({ revision }) => revision)).toEqual([40, 40]);
      await Promise.all(stores.map((store) => store.close()));
    });
  });

  describe("openPostgresStore()", () => {
    it("keeps what was acknowledged when the server crashes, and goes on afterwards", async () => {
      const url = await server.createDatabase();
      const lost: string[] = [];
      const store = await openPostgresStore({ url, openedAt, onConnectionLost: ({ message }) => lost.push(message) });
      await store.change(({ functions }) => functions.insert(functionRow("kept")));
      const interrupted = store.change(async ({ functions }) => {
        await functions.insert(functionRow("gone"));
        await server.crash();
        await functions.insert(functionRow("never"));
      });
      await expect(interrupted).rejects.toMatchObject({ reason: "unavailable", code: "STORE_UNAVAILABLE" });
      const list = await store.read(({ functions }) => functions.list());
      expect(list.map(({ name }) => name)).toEqual(["kept"]);
      await store.close();
    });

    it("says that a server cannot be reached without showing the password", async () => {
      const url = "postgresql://selvage:not-for-the-log@127.0.0.1:1/none";
      const error: unknown = await openPostgresStore({ url, openedAt }).catch((reason: unknown) => reason);
      expect(String(error)).toContain("Cannot open the store: PostgreSQL: connect ECONNREFUSED 127.0.0.1:1");
      expect(String(error)).not.toContain("not-for-the-log");
    });

    it("refuses to change what only a read was asked for", async () => {
      const store = await openPostgresStore({ url: await server.createDatabase(), openedAt });
      const writing = store.read((view) =>
        (view as unknown as { functions: { insert(row: object): Promise<void> } }).functions.insert(functionRow("x")),
      );
      await expect(writing).rejects.toMatchObject({ reason: "readOnly" });
      await store.close();
    });
  });

  describe("migrate()", () => {
    it.each(migrations.map(({ name }, index) => [index, name] as const))(
      "brings a database of %i steps (the next is %s) to the present schema",
      async (count) => {
        const url = await server.createDatabase();
        await (await openPostgresStore({ url, openedAt, migrations: migrations.slice(0, count) })).close();
        const store = await openPostgresStore({ url, openedAt });
        await store.change(({ functions }) => functions.insert(functionRow("a")));
        expect(await store.read(({ functions }) => functions.list())).toHaveLength(1);
        await store.close();
      },
    );

    it("refuses what a newer program wrote, and leaves nothing of a step that fails", async () => {
      const url = await server.createDatabase();
      const later: Migration = {
        name: "later",
        up: async (db) => {
          await sql`create table later (id integer)`.execute(db);
        },
      };
      const broken: Migration = {
        name: "later",
        up: async (db) => {
          await later.up(db);
          throw new Error("half way");
        },
      };
      const open = async (steps: readonly Migration[]): Promise<void> =>
        (await openPostgresStore({ url, openedAt, migrations: steps })).close();
      await expect(open([...migrations, broken])).rejects.toThrow("half way");
      await open([...migrations, later]);
      await expect(open(migrations)).rejects.toThrow(
        /it holds schema step \d+ "later", this program knows no such step/,
      );
    });
  });
});
