import { describe, expect, it } from "vitest";
import { mapBounded } from "../../../edge-node/artifacts/map-bounded.ts";

describe("mapBounded()", () => {
  it("keeps the items' order and never runs more than its bound at once", async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 4, 2, 3], {
      concurrency: 2,
      run: async (item) => {
        most = Math.max(most, ++running);
        for (let turn = 0; turn < item; turn++) await Promise.resolve();
        running--;
        return item * 10;
      },
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it("starts nothing after a rejection and rejects when what runs has ended", async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const run = async (item: number): Promise<void> => {
      started.push(item);
      await Promise.resolve();
      if (item === 0) throw new Error("no");
      await Promise.resolve();
      ended.push(item);
    };
    await expect(mapBounded([0, 1, 2, 3, 4, 5], { concurrency: 2, run })).rejects.toThrow("no");
    expect(started).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });

  it("gives nothing for nothing", async () => {
    expect(await mapBounded([], { concurrency: 4, run: () => Promise.reject(new Error("never")) })).toEqual([]);
  });
});
