import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QualifiedVersions } from "../../../control-plane/functions/qualified-versions.ts";
import { openSqliteStore, type SqliteStore } from "../../../control-plane/store/sqlite.ts";
import { versionRow } from "../store/version-row.ts";

let folder: string;
let store: SqliteStore;
let reads = 0;
let revision = 1;
let qualified: QualifiedVersions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-qualified-"));
  store = await openSqliteStore({ file: join(folder, "store.sqlite"), openedAt: "2026-01-01T00:00:00.000Z" });
  await store.change(async ({ functions, versions }) => {
    await functions.insert({ name: "f", description: "", enabled: true, createdAt: "" });
    await versions.insert(versionRow({ function: "f", version: "v1" }));
  });
  reads = 0;
  const counted: typeof store.read = (work) => {
    reads++;
    return store.read(work);
  };
  qualified = new QualifiedVersions({ store: { read: counted }, newestRevision: () => revision });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

describe("QualifiedVersions", () => {
  it("looks once in each revision, however many ask at once", async () => {
    const ask = (): Promise<string> => qualified.get("f", "latest").then(({ version }) => version.version);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(["v1", "v1", "v1"]);
    expect(reads).toBe(1);
    await store.change(({ versions }) => versions.insert(versionRow({ function: "f", version: "v2" })));
    expect(await ask()).toBe("v1");
    revision++;
    expect(await ask()).toBe("v2");
    expect(await qualified.get("f", "v1")).toMatchObject({ enabled: true, version: { version: "v1" } });
    expect(reads).toBe(3);
  });

  it("says whether the function may run", async () => {
    const row = { name: "f", description: "", createdAt: "" };
    await store.change(({ functions }) => functions.update("f", { ...row, enabled: false }));
    expect((await qualified.get("f", "v1")).enabled).toBe(false);
  });

  it("does not remember that something is missing", async () => {
    await expect(qualified.get("g", "latest")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(qualified.get("f", "v2")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await store.change(({ versions }) => versions.insert(versionRow({ function: "f", version: "v2" })));
    expect((await qualified.get("f", "v2")).version.version).toBe("v2");
  });

  it("remembers a bounded number of names", async () => {
    await qualified.get("f", "latest");
    const names = Array.from({ length: 1_000 }, (_, index) => `v-${index}`);
    await store.change(async ({ versions }) => {
      for (const version of names) await versions.insert(versionRow({ function: "f", version }));
    });
    for (const name of names) await qualified.get("f", name);
    reads = 0;
    await qualified.get("f", "latest");
    expect(reads).toBe(1);
  });
});
