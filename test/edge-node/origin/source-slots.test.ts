import { describe, expect, it } from "vitest";
import { SourceSlots, type ReleaseSlot, type WaitingForSlot } from "../../../edge-node/origin/source-slots.ts";
import { originLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

const of = { max: 2, waitMs: 5_000 };

function held(slot: ReleaseSlot | WaitingForSlot | null): ReleaseSlot {
  if (typeof slot !== "function") throw new Error("There was no slot");
  return slot;
}

function waiting(slot: ReleaseSlot | WaitingForSlot | null): WaitingForSlot {
  if (slot === null || typeof slot === "function") throw new Error("It does not wait");
  return slot;
}

describe("acquire()", () => {
  it("gives as many slots as there are, then a place in the queue, in order", async () => {
    const slots = new SourceSlots(new FakeClock());
    const first = held(slots.acquire("a", of));
    const second = held(slots.acquire("a", of));
    const order: string[] = [];
    const third = waiting(slots.acquire("a", of)).slot.then(() => order.push("third"));
    const fourth = waiting(slots.acquire("a", of)).slot.then(() => order.push("fourth"));
    held(slots.acquire("b", of));
    expect(slots.held("a")).toBe(2);
    first();
    first();
    await third;
    second();
    await fourth;
    expect(order).toEqual(["third", "fourth"]);
    expect(slots.held("a")).toBe(2);
  });

  it("refuses who waited for too long, who gave up, and who finds the queue full", async () => {
    const clock = new FakeClock();
    const slots = new SourceSlots(clock);
    const release = held(slots.acquire("a", { max: 1, waitMs: 5_000 }));
    const slow = waiting(slots.acquire("a", { max: 1, waitMs: 5_000 }));
    const gone = waiting(slots.acquire("a", { max: 1, waitMs: 9_000 }));
    gone.cancel();
    expect(await gone.slot).toBeNull();
    await clock.advance(5_000);
    expect(await slow.slot).toBeNull();
    expect(clock.waits).toEqual([]);
    for (let count = 0; count < originLimits.waitingMax; count++)
      waiting(slots.acquire("a", { max: 1, waitMs: 1_000 }));
    expect(slots.acquire("a", { max: 1, waitMs: 1_000 })).toBeNull();
    await clock.advance(1_000);
    release();
    await settle();
    expect(slots.held("a")).toBe(0);
  });
});
