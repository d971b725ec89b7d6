import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteDatabase } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GroupCommit } from "../../../control-plane/calls/group-commit.ts";
import { openDatabase, sqliteReasonOf } from "../../../control-plane/store/sqlite.ts";

let folder: string;
let database: SqliteDatabase;
let commits: GroupCommit;
let undone = 0;
let begun = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-commit-"));
  database = openDatabase(join(folder, "a.sqlite"));
  database.prepare("create table t (a text primary key)").run([]);
  undone = 0;
  begun = 0;
  const counted = {
    prepare: (text: string) => {
      if (text.startsWith("begin")) begun++;
      return database.prepare(text);
    },
  };
  commits = new GroupCommit({ database: counted, onUndone: () => undone++ });
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true });
});

const insert = (text: string): Promise<void> =>
  commits.write(() => {
    database.prepare("insert into t values (?)").run([text]);
  });
const rows = (): unknown[] =>
  database
    .prepare("select a from t order by a")
    .all([])
    .map((row) => (row as { a: string }).a);

describe("write()", () => {
  it("makes one transaction of what arrives in one turn, and tells each its own", async () => {
    const told = await Promise.all(["a", "b", "c"].map((text) => commits.write(() => (insertNow(text), text))));
    expect(told).toEqual(["a", "b", "c"]);
    expect(rows()).toEqual(["a", "b", "c"]);
    expect(begun).toBe(1);
  });

  it("refuses only what cannot be written, and leaves nothing of it", async () => {
    await insert("a");
    const settled = await Promise.allSettled([
      insert("b"),
      commits.write(() => {
        insertNow("half");
        insertNow("a");
      }),
      insert("c"),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(rows()).toEqual(["a", "b", "c"]);
    expect(undone).toBeGreaterThan(0);
  });

  it("refuses everything while the database takes no changes, and goes on afterwards", async () => {
    database.prepare("pragma query_only = 1").all([]);
    const settled = await Promise.allSettled([insert("a"), insert("b")]);
    expect(settled.map((outcome) => outcome.status === "rejected" && sqliteReasonOf(outcome.reason))).toEqual([
      "readOnly",
      "readOnly",
    ]);
    database.prepare("pragma query_only = 0").all([]);
    expect(rows()).toEqual([]);
    await insert("c");
    expect(rows()).toEqual(["c"]);
  });
});

function insertNow(text: string): void {
  database.prepare("insert into t values (?)").run([text]);
}
