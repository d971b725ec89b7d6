/** The part of the store's contract about dependencies and what was built with them. */
import { describe, expect, it } from "vitest";
import type { DependencyRow, DependencyVersionRow } from "../../../control-plane/dependencies/dependency-row.ts";
import type { Store } from "../../../control-plane/store.ts";
import { versionRow } from "./version-row.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const pad: DependencyRow = { name: "pad", id: "d-pad", isPublic: true, newest: 0, createdAt };
const version = (number: number, change: Partial<DependencyVersionRow> = {}): DependencyVersionRow => ({
  dependency: "pad",
  version: number,
  id: `v-${change.dependency ?? "pad"}-${String(number)}`,
  description: "what is new",
  runtime: "Node.js18.15",
  archive: String(number).repeat(64),
  archiveBytes: 1_048_577,
  bytes: 20,
  files: 2,
  packages: ["a", "pad"],
  createdAt,
  ...change,
});

/** `pad` in two versions, `also` in one. */
function fillStore(store: Store): Promise<void> {
  return store.change(async ({ dependencies }) => {
    await dependencies.insert(pad);
    await dependencies.insertVersion(version(1));
    await dependencies.insertVersion(version(2));
    await dependencies.insert({ ...pad, name: "also", id: "d-also", isPublic: false });
    await dependencies.insertVersion(version(1, { dependency: "also" }));
  });
}

export function describeDependencies(store: () => Store): void {
  describeRows(store);
  describeUses(store);
}

function describeRows(store: () => Store): void {
  const fill = (): Promise<void> => fillStore(store());

  describe("dependencies", () => {
    it("come back as they were put, by name, versions newest first, with the number that was given last", async () => {
      await fill();
      const found = await store().read(async ({ dependencies }) => ({
        names: (await dependencies.list()).map(({ name }) => name),
        row: await dependencies.get("pad"),
        none: [
          await dependencies.get("none"),
          await dependencies.version("pad", 3),
          await dependencies.versionById("x"),
        ],
        own: await dependencies.versions("pad"),
        all: (await dependencies.versions()).map((row) => `${row.dependency}@${String(row.version)}`),
        one: await dependencies.version("pad", 1),
        byId: await dependencies.versionById("v-also-1"),
        blobs: [...(await dependencies.listBlobs())].toSorted(),
      }));
      expect(found).toEqual({
        names: ["also", "pad"],
        row: { ...pad, newest: 2 },
        none: [null, null, null],
        own: [version(2), version(1)],
        all: ["also@1", "pad@2", "pad@1"],
        one: version(1),
        byId: version(1, { dependency: "also" }),
        blobs: ["1".repeat(64), "2".repeat(64)],
      });
    });

    it("have names, numbers and ids once, and versions only of what is there", async () => {
      await fill();
      const change = (row: DependencyVersionRow): Promise<void> =>
        store().change(({ dependencies }) => dependencies.insertVersion(row));
      await expect(store().change(({ dependencies }) => dependencies.insert(pad))).rejects.toMatchObject({
        reason: "duplicate",
      });
      await expect(change(version(2))).rejects.toMatchObject({ reason: "duplicate" });
      await expect(change(version(3, { id: "v-pad-1" }))).rejects.toMatchObject({ reason: "duplicate" });
      await expect(change(version(1, { dependency: "none" }))).rejects.toMatchObject({ reason: "reference" });
    });

    it("are deleted version by version, which leaves the number, or all at once", async () => {
      await fill();
      await store().change(({ dependencies }) => dependencies.deleteVersion("pad", 2));
      const left = await store().read(async ({ dependencies }) => [
        (await dependencies.versions("pad")).map((row) => row.version),
        (await dependencies.get("pad"))?.newest,
      ]);
      expect(left).toEqual([[1], 2]);
      await store().change(({ dependencies }) => dependencies.delete("pad"));
      expect(await store().read(({ dependencies }) => dependencies.get("pad"))).toBeNull();
    });

    it("are counted by quotas", async () => {
      await fill();
      const used = await store().read(async ({ quotas }) => [
        await quotas.used("dependencies", null),
        await quotas.used("dependencyMiB", null),
      ]);
      expect(used).toEqual([3, 4]);
    });
  });
}

function describeUses(store: () => Store): void {
  const fill = (): Promise<void> => fillStore(store());

  describe("dependencies of versions", () => {
    it("are named by versions in their order, cannot be deleted then, and again when those are gone", async () => {
      await fill();
      const built = versionRow({ dependencies: { pad: 2, also: 1 } });
      await store().change(async ({ versions }) => {
        await versions.insert(built);
        await versions.insert(versionRow({ version: "v2", dependencies: { pad: 1 } }));
      });
      const read = await store().read(async ({ versions }) => [
        await versions.get("hello", "v1"),
        (await versions.list("hello"))[1],
        ...(await versions.listReferenced()),
      ]);
      expect(read.map((row) => Object.entries(row?.dependencies ?? {}))).toEqual([
        [
          ["pad", 2],
          ["also", 1],
        ],
        [
          ["pad", 2],
          ["also", 1],
        ],
        [["pad", 1]],
      ]);
      const uses = (version: number | null, limit = 10) =>
        store().read(({ dependencies }) => dependencies.uses("pad", { version, limit }));
      expect(await uses(2)).toEqual([{ function: "hello", version: "v1" }]);
      expect(await uses(null)).toEqual([
        { function: "hello", version: "v1" },
        { function: "hello", version: "v2" },
      ]);
      expect(await uses(null, 1)).toHaveLength(1);
      const remove = store().change(({ dependencies }) => dependencies.deleteVersion("pad", 2));
      await expect(remove).rejects.toMatchObject({ reason: "reference" });
      await store().change(({ versions }) => versions.delete("hello", "v1"));
      expect(await uses(2)).toEqual([]);
      await store().change(({ dependencies }) => dependencies.deleteVersion("pad", 2));
      await store().change(({ functions }) => functions.delete("hello"));
      await store().change(({ dependencies }) => dependencies.delete("pad"));
    });

    it("that are not there cannot be named by a version", async () => {
      await fill();
      const insert = store().change(({ versions }) => versions.insert(versionRow({ dependencies: { pad: 3 } })));
      await expect(insert).rejects.toMatchObject({ reason: "reference" });
    });
  });
}
