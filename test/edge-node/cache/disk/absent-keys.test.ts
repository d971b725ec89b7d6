/** What a store knows of keys without a look at its disk. */
import { describe, expect, it } from "vitest";
import type { DiskStore } from "../../../../edge-node/cache/disk/disk-store.ts";
import type { KeyHash } from "../../../../edge-node/cache/disk/key-hash.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { bodyOf, writeEntry } from "../../support/disk-bodies.ts";
import { openFront } from "../../support/disk-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Once the index was looked through. */
async function surveyed(store: DiskStore): Promise<void> {
  await expect.poll(() => store.mayHave("never written")).toBe(false);
}

describe("mayHave()", () => {
  it("is true for what was written, by this front or before it, and false for the rest", async () => {
    const folder = await temporaryFolder();
    const first = await openFront({ folder, announce: () => {} });
    await surveyed(first);
    await writeEntry(first, "a", { body: bodyOf(1, 10) });
    expect([first.mayHave("a"), first.mayHave("b")]).toEqual([true, false]);
    const second = await openFront({ folder, announce: () => {} });
    await surveyed(second);
    expect([second.mayHave("a"), second.mayHave("b")]).toEqual([true, false]);
  });

  it("is true for what another front announces", async () => {
    const folder = await temporaryFolder();
    const fronts: DiskStore[] = [];
    const announce = (key: KeyHash): void => fronts[1]?.learn(key);
    fronts.push(await openFront({ folder, announce }), await openFront({ folder, announce: () => {} }));
    const [writer, reader] = fronts;
    if (writer === undefined || reader === undefined) throw new Error("no fronts");
    await surveyed(reader);
    expect(reader.mayHave("a")).toBe(false);
    await writeEntry(writer, "a", { body: bodyOf(1, 10) });
    expect(reader.mayHave("a")).toBe(true);
    expect(await reader.read("a")).toBeDefined();
  });

  it("is true for every key where fronts do not tell each other", async () => {
    const store = await openFront({ folder: await temporaryFolder() });
    await expect.poll(() => store.stats.entries).toBe(0);
    expect(store.mayHave("never written")).toBe(true);
  });

  it("finds out within a minute what nobody announced, and what is gone", async () => {
    const folder = await temporaryFolder();
    const clock = new FakeClock();
    const [reader, mute] = [
      await openFront({ folder, clock, announce: () => {} }),
      await openFront({ folder, clock, announce: () => {} }),
    ];
    await surveyed(reader);
    await writeEntry(mute, "a", { body: bodyOf(1, 10) });
    await writeEntry(reader, "b", { body: bodyOf(1, 10) });
    await reader.delete("b");
    expect([reader.mayHave("a"), reader.mayHave("b")]).toEqual([false, true]);
    const afterUpkeep = async (): Promise<readonly boolean[]> => {
      await clock.advance(diskCacheLimits.upkeepMs);
      return [reader.mayHave("a"), reader.mayHave("b")];
    };
    await expect.poll(afterUpkeep, { timeout: 180_000 }).toEqual([true, false]);
  });

  it("a miss without a look at the disk counts as one", async () => {
    const store = await openFront({ folder: await temporaryFolder(), announce: () => {} });
    await surveyed(store);
    const { misses } = store.stats;
    store.mayHave("a");
    expect(store.stats.misses).toBe(misses + 1);
  });
});
