import { describe, expect, it } from "vitest";
import type { Store } from "../../../control-plane/store.ts";
import { quotaNames, type QuotaName } from "../../../sdk/quota.ts";
import { versionRow } from "./version-row.ts";

export function describeQuotas(getStore: () => Store): void {
  const used = (name: QuotaName, functionName: string | null = null): Promise<number> =>
    getStore().read(({ quotas }) => quotas.used(name, functionName));

  describe("quotas", () => {
    it("have their defaults until they are set, and again when they are deleted", async () => {
      const value = (): Promise<number | null> => getStore().read(({ quotas }) => quotas.get("functions"));
      expect(await value()).toBeNull();
      for (const set of [7, 1_000_000]) {
        await getStore().change(({ quotas }) => quotas.put("functions", set));
        expect(await value()).toBe(set);
      }
      expect(await getStore().read(({ quotas }) => quotas.get("domains"))).toBeNull();
      await getStore().change(({ quotas }) => quotas.delete("functions"));
      expect(await value()).toBeNull();
    });

    it("count what is used, as numbers", async () => {
      const before = new Map<QuotaName, number>();
      for (const name of quotaNames) before.set(name, await used(name));
      expect([...before.values()].every((value) => Number.isInteger(value))).toBe(true);
      await getStore().change(async ({ functions, versions, aliases, tokens, reserved }) => {
        for (const name of ["a", "b"]) {
          await functions.insert({ name, description: "", enabled: true, createdAt: "" });
          await versions.insert(versionRow({ function: name, version: "v1", moduleBytes: 1_048_576 }));
        }
        await versions.insert(versionRow({ function: "b", version: "v2", moduleBytes: 1 }));
        await aliases.put({ function: "b", name: "live", version: "v2", grey: null, previous: [], updatedAt: "" });
        for (const [qualifier, instances] of [
          ["v1", 3],
          ["v2", 4],
        ] as const) {
          const config = { count: instances, schedules: [], metric: null, recommended: null, idleMode: false };
          const memoryMiB = instances * 128;
          await reserved.put({
            function: "b",
            qualifier,
            names: "function",
            config,
            instances,
            memoryMiB,
            updatedAt: "",
          });
        }
        await tokens.insert({ id: "t", name: "t", role: "node", hash: "h", createdAt: "" });
      });
      expect(await used("functions")).toBe((before.get("functions") ?? 0) + 2);
      expect([await used("versionsPerFunction"), await used("versionsPerFunction", "a")]).toEqual([2, 1]);
      expect([await used("aliasesPerFunction"), await used("aliasesPerFunction", "a")]).toEqual([1, 0]);
      expect(await used("codeMiB")).toBe(3);
      expect([await used("reservedInstances"), await used("reservedMemoryMiB")]).toEqual([7, 896]);
      expect([await used("tokens"), await used("nodes"), await used("domains")]).toEqual([1, 0, 0]);
    });
  });
}
