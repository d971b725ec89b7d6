import { expect, it } from "vitest";
import { Deadlines, type Timed } from "../../../edge-node/origin/deadlines.ts";
import { FakeClock } from "../support/fake-clock.ts";

function timed(dueMs: number): Timed & { expired: number } {
  const one = { dueMs, expired: 0, expire: () => void one.expired++ };
  return one;
}

it("what is due expires once, soon after its moment and not before", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const one = timed(deadlines.nowMs() + 1_000);
  deadlines.add(one);
  await clock.advance(1_000);
  expect(one.expired).toBe(0);
  await clock.advance(300);
  expect([one.expired, one.dueMs]).toEqual([1, Infinity]);
  await clock.advance(5_000);
  expect(one.expired).toBe(1);
});

it("a moment may be moved, taken back and set again", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const one = timed(Infinity);
  deadlines.add(one);
  await clock.advance(10_000);
  one.dueMs = deadlines.nowMs() + 1_000;
  await clock.advance(900);
  one.dueMs = deadlines.nowMs() + 1_000;
  await clock.advance(1_000);
  expect(one.expired).toBe(0);
  await clock.advance(300);
  expect(one.expired).toBe(1);
});

it("a process that slept finds out what came meanwhile before it gives up", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  let look = (): void => {};
  const after = clock.after.bind(clock);
  clock.after = (delayMs, fire) => {
    look = fire;
    return after(delayMs, fire);
  };
  const one = timed(deadlines.nowMs() + 50);
  deadlines.add(one);
  // The first look comes long after the moment.
  look();
  expect(one.expired).toBe(0);
  one.dueMs = Infinity;
  await clock.advance(1_000);
  expect(one.expired).toBe(0);
});

it("one timer serves all, and none is left when nothing is timed or it was closed", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const all = [timed(Infinity), timed(Infinity), timed(Infinity)];
  for (const one of all) deadlines.add(one);
  expect(clock.waits).toHaveLength(1);
  for (const one of all) deadlines.delete(one);
  await clock.advance(100);
  expect(clock.waits).toEqual([]);
  deadlines.add(timed(Infinity));
  deadlines.close();
  expect(clock.waits).toEqual([]);
});
