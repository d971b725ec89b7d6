/** What the embedded store does when its disk is full, takes no changes, or its file is broken. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../control-plane/store.ts";
import { openDatabase, openSqliteStore, sqliteReasonOf } from "../../../control-plane/store/sqlite.ts";
import { answerError } from "../../../control-plane/rest/error-answer.ts";

const openedAt = "2026-01-01T00:00:00.000Z";
const functionRow = (name: string) => ({ name, description: "x".repeat(512), enabled: true, createdAt: openedAt });

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-store-"));
  file = join(folder, "store.sqlite");
});
afterEach(() => rm(folder, { recursive: true }));

describe("a full store", () => {
  /** Inserts until it is refused; the names that were acknowledged, and the refusal. */
  async function fill(store: Store): Promise<{ readonly names: readonly string[]; readonly error: unknown }> {
    const names: string[] = [];
    for (let index = 0; index < 10_000; index++) {
      const name = `f${String(index).padStart(5, "0")}`;
      try {
        await store.change(({ functions }) => functions.insert(functionRow(name)));
        names.push(name);
      } catch (error) {
        return { names, error };
      }
    }
    throw new Error("never full");
  }

  const list = async (store: Store): Promise<readonly string[]> =>
    (await store.read(({ functions }) => functions.list())).map(({ name }) => name);

  it("refuses changes as full, goes on reading, and has what it acknowledged, also when it is opened again", async () => {
    const store = await openSqliteStore({ file, openedAt, pagesMax: 120 });
    const { names, error } = await fill(store);
    expect(error).toMatchObject({ reason: "full", code: "STORE_FULL" });
    expect(await list(store)).toEqual(names);
    await store.close();
    const again = await openSqliteStore({ file, openedAt });
    expect(await list(again)).toEqual(names);
    await again.close();
  });

  it("leaves nothing of the change that did not fit", async () => {
    const store = await openSqliteStore({ file, openedAt, pagesMax: 120 });
    const { names } = await fill(store);
    const change = store.change(async ({ functions, settings }) => {
      await settings.put("bootstrapped_at", "half");
      for (let index = 0; index < 1_000; index++) await functions.insert(functionRow(`g${String(index)}`));
    });
    await expect(change).rejects.toMatchObject({ reason: "full" });
    expect(await store.read(({ settings }) => settings.get("bootstrapped_at"))).toBeNull();
    expect(await list(store)).toEqual(names);
    await store.close();
  });

  it("takes changes again when there is room", async () => {
    const store = await openSqliteStore({ file, openedAt, pagesMax: 120 });
    const { names } = await fill(store);
    for (const name of names.slice(0, 20)) await store.change(({ functions }) => functions.delete(name));
    await store.change(({ functions }) => functions.insert(functionRow("fits")));
    expect(await list(store)).toContain("fits");
    await store.close();
  });

  it("is answered with 507 and a code", async () => {
    const store = await openSqliteStore({ file, openedAt, pagesMax: 120 });
    const { error } = await fill(store);
    expect(answerError(error, "r1")).toEqual({
      status: 507,
      body: { error: { code: "STORE_FULL", message: "The store has no room.", requestId: "r1" } },
    });
    await store.close();
  });
});

describe("sqliteReasonOf()", () => {
  const thrownBy = (work: () => void): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    throw new Error("did not throw");
  };

  it("calls a database that takes no changes read-only", () => {
    const database = openDatabase(file);
    database.prepare("create table t (a integer)").run([]);
    database.prepare("pragma query_only = 1").all([]);
    expect(sqliteReasonOf(thrownBy(() => database.prepare("insert into t values (1)").run([])))).toBe("readOnly");
    database.close();
  });

  it("calls a database with broken pages damaged", async () => {
    const store = await openSqliteStore({ file, openedAt });
    for (let index = 0; index < 200; index++) {
      await store.change(({ functions }) => functions.insert(functionRow(`f${String(index)}`)));
    }
    await store.close();
    const handle = await open(file, "r+");
    const { size } = await handle.stat();
    for (let page = 1; page < size / 4096; page++) await handle.write(Buffer.alloc(4096, 0xff), 0, 4096, page * 4096);
    await handle.close();
    const refusal = thrownBy(() => openDatabase(file)) as Error;
    expect(refusal.message).toBe(`Cannot open the store: database disk image is malformed: received ${file}`);
    expect(sqliteReasonOf(refusal.cause)).toBe("damaged");
  });

  it("has nothing to say of other errors", () => {
    expect(sqliteReasonOf(new Error("other"))).toBeNull();
    expect(sqliteReasonOf("text")).toBeNull();
  });
});
