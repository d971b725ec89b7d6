import { describe, expect, it } from "vitest";
import { IdleCollection, idleCollection, type MemoryInUse } from "../../../edge-node/front-process/idle-collection.ts";
import { FakeClock } from "../support/fake-clock.ts";

const MIB = 1_048_576;
const { lookMs, restMs, busyShareMax, gainBytesMin, heapBytesMax } = idleCollection;

function world(): {
  readonly clock: FakeClock;
  /** Collections, and the seconds they took, as the node's metrics have them. */
  readonly counted: () => readonly unknown[];
  readonly state: { heapBytes: number; residentBytes: number; busy: number; kept: MemoryInUse; collections: number };
} {
  const clock = new FakeClock();
  const kept = { heapBytes: 30 * MIB, residentBytes: 110 * MIB };
  const state = { ...kept, busy: 0, kept, collections: 0 };
  // Collecting is the one thing here that takes time.
  let stoppedMs = 0;
  const collection = new IdleCollection({
    inUse: () => ({ heapBytes: state.heapBytes, residentBytes: state.residentBytes }),
    busyShare: () => state.busy,
    collect: () => {
      state.collections += 1;
      stoppedMs += 20;
      Object.assign(state, state.kept);
    },
    clock: { after: (delayMs, fire) => clock.after(delayMs, fire), monotonicMs: () => stoppedMs },
  });
  collection.start();
  return { clock, state, counted: () => collection.metrics().map(({ values }) => values[0]?.value) };
}

describe("IdleCollection", () => {
  it("collects what a busy time left, once it is over, and not again until there is as much again", async () => {
    const { clock, state, counted } = world();
    await clock.advance(lookMs);
    state.residentBytes += gainBytesMin;
    expect(counted()).toEqual([0, 0]);
    state.busy = busyShareMax + 0.01;
    await clock.advance(lookMs);
    expect(state.collections).toBe(0);
    state.busy = busyShareMax;
    await clock.advance(lookMs);
    expect(state.collections).toBe(1);
    state.residentBytes += gainBytesMin - 1;
    await clock.advance(10 * lookMs);
    expect(state.collections).toBe(1);
    state.residentBytes += 1;
    await clock.advance(lookMs);
    expect(state.collections).toBe(2);
    expect(counted()).toEqual([2, 0.04]);
  });

  it("leaves the front alone for a while after each collection, however fast it grows", async () => {
    const { clock, state } = world();
    await clock.advance(lookMs);
    for (let collections = 1; collections <= 5; collections++) {
      state.residentBytes += gainBytesMin;
      await clock.advance(collections === 1 ? lookMs : restMs - 1);
      expect(state.collections).toBe(collections === 1 ? 1 : collections - 1);
      if (collections > 1) await clock.advance(1);
      expect(state.collections).toBe(collections);
    }
  });

  it("takes what stays for needed: a cache that filled up is looked through once", async () => {
    const { clock, state } = world();
    await clock.advance(lookMs);
    state.kept = { heapBytes: 40 * MIB, residentBytes: 300 * MIB };
    Object.assign(state, state.kept);
    await clock.advance(20 * lookMs);
    expect(state.collections).toBe(1);
  });

  it("leaves a large heap to V8", async () => {
    const { clock, state } = world();
    await clock.advance(lookMs);
    state.residentBytes += gainBytesMin;
    state.heapBytes = heapBytesMax + 1;
    await clock.advance(lookMs);
    expect(state.collections).toBe(0);
    state.heapBytes = heapBytesMax;
    await clock.advance(lookMs);
    expect(state.collections).toBe(1);
  });
});
