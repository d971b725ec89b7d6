/** The part of the store's contract about how asynchronous calls are treated. */
import { describe, expect, it } from "vitest";
import type { NewAsyncConfig, Store } from "../../../control-plane/store.ts";
import { defaultAsyncConfig } from "../../../sdk/async-config-parser.ts";
import { versionRow } from "./version-row.ts";

const updatedAt = "2026-01-02T03:04:05.678Z";
const row = (qualifier: string | null, changes: Partial<NewAsyncConfig> = {}): NewAsyncConfig => ({
  function: "hello",
  qualifier,
  names: "function",
  config: defaultAsyncConfig,
  updatedAt,
  ...changes,
});

export function describeAsyncConfigs(store: () => Store): void {
  const qualifiers = async (): Promise<readonly (string | null)[]> =>
    (await store().read(({ asyncConfigs }) => asyncConfigs.list("hello"))).map(({ qualifier }) => qualifier);
  const put = (...rows: readonly NewAsyncConfig[]): Promise<void> =>
    store().change(async ({ asyncConfigs }) => {
      for (const each of rows) await asyncConfigs.put(each);
    });

  describe("async configurations", () => {
    it("are listed by qualifier, replaced and deleted", async () => {
      const changed = { ...defaultAsyncConfig, retries: 3, onSuccess: { kind: "queue", queue: "q" } } as const;
      await put(row("latest"), row(null), row("latest", { config: changed }));
      const { names: _names, ...stored } = row("latest", { config: changed });
      const [whole, latest] = await store().read(({ asyncConfigs }) => asyncConfigs.list("hello"));
      expect([whole?.qualifier, latest]).toEqual([null, stored]);
      const remove = (qualifier: string | null) =>
        store().change(({ asyncConfigs }) => asyncConfigs.delete("hello", qualifier));
      expect([await remove(null), await remove(null), await remove("latest")]).toEqual([true, false, true]);
      expect(await qualifiers()).toEqual([]);
    });

    it("go with the alias, the version or the function they belong to", async () => {
      await store().change(async ({ versions, aliases }) => {
        for (const version of ["v1", "v2"]) await versions.insert(versionRow({ version }));
        await aliases.put({ function: "hello", name: "live", version: "v2", previous: [], grey: null, updatedAt });
      });
      await put(row(null), row("live", { names: "alias" }), row("v1", { names: "version" }));
      await store().change(({ aliases }) => aliases.delete("hello", "live"));
      expect(await qualifiers()).toEqual([null, "v1"]);
      await store().change(({ versions }) => versions.delete("hello", "v1"));
      expect(await qualifiers()).toEqual([null]);
      await store().change(({ functions }) => functions.delete("hello"));
      expect(await qualifiers()).toEqual([]);
    });

    it("of what does not exist are refused", async () => {
      await expect(put(row("live", { names: "alias" }))).rejects.toMatchObject({ reason: "reference" });
      await expect(put(row(null, { function: "none" }))).rejects.toMatchObject({ reason: "reference" });
    });
  });
}
