/** The part of the store's contract about reserved instances. */
import { describe, expect, it } from "vitest";
import type { NewReserved } from "../../../control-plane/reserved/reserved-row.ts";
import type { Store } from "../../../control-plane/store.ts";
import { versionRow } from "./version-row.ts";

const updatedAt = "2026-01-02T03:04:05.678Z";
const config = { count: 2, schedules: [], metric: null, recommended: null, idleMode: false };
const row = (qualifier: string, changes: Partial<NewReserved> = {}): NewReserved => ({
  function: "hello",
  qualifier,
  names: "function",
  config,
  instances: 2,
  memoryMiB: 256,
  updatedAt,
  ...changes,
});

export function describeReserved(store: () => Store): void {
  const qualifiers = async (): Promise<readonly string[]> =>
    (await store().read(({ reserved }) => reserved.list("hello"))).map(({ qualifier }) => qualifier);
  const put = (...rows: readonly NewReserved[]): Promise<void> =>
    store().change(async ({ reserved }) => {
      for (const each of rows) await reserved.put(each);
    });

  describe("reserved instances", () => {
    it("are listed by function and qualifier, replaced and deleted", async () => {
      const metric = { name: "m", targetPercent: 60, min: 1, max: 4 };
      const changed = row("latest", { config: { ...config, metric, idleMode: true }, instances: 9, memoryMiB: 1_152 });
      await store().change(({ functions }) =>
        functions.insert({ name: "another", description: "", enabled: true, createdAt: updatedAt }),
      );
      await put(row("latest"), row("b"), row("latest", { function: "another" }), changed);
      const { names: _names, ...stored } = changed;
      expect((await store().read(({ reserved }) => reserved.list("hello")))[1]).toEqual(stored);
      const all = await store().read(({ reserved }) => reserved.listAll());
      expect(all.map((each) => [each.function, each.qualifier])).toEqual([
        ["another", "latest"],
        ["hello", "b"],
        ["hello", "latest"],
      ]);
      const remove = (qualifier: string) => store().change(({ reserved }) => reserved.delete("hello", qualifier));
      expect([await remove("b"), await remove("b"), await remove("latest")]).toEqual([true, false, true]);
      expect(await qualifiers()).toEqual([]);
    });

    it("go with the alias, the version or the function they belong to", async () => {
      await store().change(async ({ versions, aliases }) => {
        for (const version of ["v1", "v2"]) await versions.insert(versionRow({ version }));
        await aliases.put({ function: "hello", name: "live", version: "v2", previous: [], grey: null, updatedAt });
      });
      await put(row("latest"), row("live", { names: "alias" }), row("v1", { names: "version" }));
      await store().change(({ aliases }) => aliases.delete("hello", "live"));
      expect(await qualifiers()).toEqual(["latest", "v1"]);
      await store().change(({ versions }) => versions.delete("hello", "v1"));
      expect(await qualifiers()).toEqual(["latest"]);
      await store().change(({ functions }) => functions.delete("hello"));
      expect(await qualifiers()).toEqual([]);
    });

    it("of a version keep it among those that nodes are told of", async () => {
      await store().change(async ({ versions }) => {
        for (const version of ["v1", "v2"]) await versions.insert(versionRow({ version }));
      });
      const told = async () =>
        (await store().read(({ versions }) => versions.listReferenced())).map((each) => each.version);
      expect(await told()).toEqual(["v2"]);
      await put(row("v1", { names: "version" }));
      expect(await told()).toEqual(["v1", "v2"]);
    });

    it("of what does not exist are refused", async () => {
      await expect(put(row("live", { names: "alias" }))).rejects.toMatchObject({ reason: "reference" });
      await expect(put(row("v9", { names: "version" }))).rejects.toMatchObject({ reason: "reference" });
      await expect(put(row("latest", { function: "none" }))).rejects.toMatchObject({ reason: "reference" });
    });
  });
}
