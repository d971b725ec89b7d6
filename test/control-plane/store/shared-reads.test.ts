import { describe, expect, it } from "vitest";
import { SharedReads } from "../../../control-plane/store/shared-reads.ts";
import type { Store, StoreView } from "../../../control-plane/store.ts";

/** A store whose transactions are counted and whose one value can be changed. */
function double(): { readonly store: Pick<Store, "read">; value: number; transactions: number; broken: boolean } {
  const under = {
    value: 1,
    transactions: 0,
    broken: false,
    store: {
      read: async <T>(work: (view: StoreView) => Promise<T>): Promise<T> => {
        under.transactions++;
        if (under.broken) throw new Error("cannot be read");
        return work({} as StoreView);
      },
    },
  };
  return under;
}

describe("get()", () => {
  it("shares a transaction among looks of one turn, and a look among equal ones", async () => {
    const under = double();
    const looked: string[] = [];
    const reads = new SharedReads(under.store, async (_view, key) => {
      looked.push(key);
      return key.toUpperCase();
    });
    expect(await Promise.all(["a", "b", "a"].map((key) => reads.get(key)))).toEqual(["A", "B", "A"]);
    expect([under.transactions, looked]).toEqual([1, ["a", "b"]]);
    await reads.get("a");
    expect(under.transactions).toBe(2);
  });

  it("sees what changed before it was asked", async () => {
    const under = double();
    const reads = new SharedReads(under.store, async () => under.value);
    const first = reads.get("a");
    under.value = 2;
    expect([await first, await reads.get("a")]).toEqual([2, 2]);
    under.value = 3;
    expect(await reads.get("a")).toBe(3);
  });

  it("tells a failed look only to those who asked for it, a failed transaction to all", async () => {
    const under = double();
    const reads = new SharedReads(under.store, async (_view, key) => {
      if (key === "bad") throw new Error("no such thing");
      return key;
    });
    const settled = await Promise.allSettled([reads.get("bad"), reads.get("good")]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    under.broken = true;
    await expect(reads.get("good")).rejects.toThrow("cannot be read");
    under.broken = false;
    expect(await reads.get("good")).toBe("good");
  });
});
