import { describe, expect, it } from "vitest";
import { mapLimited } from "../../../control-plane/blobs/map-limited.ts";

describe("mapLimited()", () => {
  it("gives results in the order of items with a bounded number under way", async () => {
    let underWay = 0;
    let most = 0;
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < 10 - item; turn++) await Promise.resolve();
      underWay--;
      return item * 2;
    };
    expect(await mapLimited([1, 2, 3, 4, 5, 6, 7], { limit: 3, work })).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(most).toBe(3);
  });

  it("throws the first failure and starts nothing more", async () => {
    const started: number[] = [];
    const work = async (item: number): Promise<void> => {
      started.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error("two");
    };
    await expect(mapLimited([1, 2, 3, 4, 5, 6], { limit: 2, work })).rejects.toThrow("two");
    expect(started.length).toBeLessThan(6);
  });

  it("needs no items", async () => {
    expect(await mapLimited([], { limit: 3, work: () => Promise.reject(new Error("called")) })).toEqual([]);
  });
});
