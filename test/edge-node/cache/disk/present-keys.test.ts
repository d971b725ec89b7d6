import { describe, expect, it } from "vitest";
import { hashKey } from "../../../../edge-node/cache/disk/key-hash.ts";
import { PresentKeys } from "../../../../edge-node/cache/disk/present-keys.ts";

describe("PresentKeys", () => {
  it("may have every key until it was made once", async () => {
    const keys = new PresentKeys(128);
    expect(keys.mayHave(hashKey("a"))).toBe(true);
    await keys.remake(async (add) => add(hashKey("a")));
    expect([keys.mayHave(hashKey("a")), keys.mayHave(hashKey("b"))]).toEqual([true, false]);
  });

  it("has what was added while it is made anew, and nothing else of before", async () => {
    const keys = new PresentKeys(128);
    await keys.remake(async (add) => add(hashKey("old")));
    const found = Promise.withResolvers<void>();
    const remaking = keys.remake(async (add) => {
      await found.promise;
      add(hashKey("found"));
    });
    keys.add(hashKey("added"));
    expect([keys.mayHave(hashKey("old")), keys.mayHave(hashKey("added"))]).toEqual([true, true]);
    found.resolve();
    await remaking;
    const there = ["old", "added", "found"].map((key) => keys.mayHave(hashKey(key)));
    expect(there).toEqual([false, true, true]);
  });

  it("stays as it was when the index cannot be looked through", async () => {
    const keys = new PresentKeys(128);
    await keys.remake(async (add) => add(hashKey("a")));
    await expect(keys.remake(() => Promise.reject(new Error("EIO")))).rejects.toThrow("EIO");
    expect([keys.mayHave(hashKey("a")), keys.mayHave(hashKey("b"))]).toEqual([true, false]);
  });

  it("takes at most two of a hundred absent keys for present ones with as many entries as the index has slots", async () => {
    const slots = 128 * 64;
    const keys = new PresentKeys(slots);
    await keys.remake(async (add) => {
      for (let number = 0; number < slots; number++) add(hashKey(`there ${number}`));
    });
    let there = 0;
    for (let number = 0; number < 10_000; number++) if (keys.mayHave(hashKey(`not there ${number}`))) there++;
    expect(there).toBeLessThan(200);
  });
});
