import { expect, it } from "vitest";
import { DiskTier } from "../../../edge-node/cache/disk-tier.ts";
import type { DiskStore } from "../../../edge-node/cache/disk/disk-store.ts";
import { MemoryCache, type StoredPlace } from "../../../edge-node/cache/memory-cache.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answer } from "../support/stored-answers.ts";

/** Takes everything and keeps nothing. */
const store = {
  begin: () => ({ write: async () => {}, finish: async () => true, abort: async () => {} }),
} as unknown as DiskStore;

it("a key is busy until all that is written under it has ended, however often one of them is told to", async () => {
  const memory = new MemoryCache({ bytesMax: 100_000 });
  const bounds = { keepsInMemory: true, objectBytesMax: 1_000, minUses: 1 };
  const tier = new DiskTier({ store, memory, clock: new FakeClock(), onUse: () => {}, ...bounds });
  const placeOf = (variantKey: string): StoredPlace => ({ key: "k", variantKey, mark: null });
  const one = tier.fill(placeOf("k\n1"), answer(), 1);
  const other = tier.fill(placeOf("k\n2"), answer(), 1);
  await one?.abort();
  await one?.finish();
  expect(tier.isBusy("k")).toBe(true);
  await other?.finish();
  expect(tier.isBusy("k")).toBe(false);
});
