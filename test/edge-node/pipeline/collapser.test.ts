/** Who leads, who waits, and what is left of those who went away. */
import { describe, expect, it } from "vitest";
import { Collapser, type FillResult, type FillTicket, type FillWait } from "../../../edge-node/pipeline/collapser.ts";
import { cacheLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock } from "../support/fake-clock.ts";

const { fillWaitMs, waitersPerFillMax } = cacheLimits;
const stored: FillResult = { kind: "stored" };

function lead(collapser: Collapser): FillTicket {
  const joined = collapser.join("key");
  if (joined.kind !== "lead") throw new Error(`expected to lead: ${joined.kind}`);
  return joined.ticket;
}

function wait(collapser: Collapser): FillWait {
  const joined = collapser.join("key");
  if (joined.kind !== "wait") throw new Error(`expected to wait: ${joined.kind}`);
  return joined.wait;
}

describe("a fill", () => {
  it("releases all who wait, in their order, and is forgotten", async () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    const ticket = lead(collapser);
    const order: number[] = [];
    const waits = [0, 1, 2].map((index) =>
      wait(collapser).result.then((result) => {
        order.push(index);
        return result;
      }),
    );
    ticket.settle(stored);
    ticket.settle({ kind: "uncacheable" });
    expect(await Promise.all(waits)).toEqual([stored, stored, stored]);
    expect(order).toEqual([0, 1, 2]);
    expect([collapser.size, ticket.waiters]).toEqual([0, 3]);
  });

  it("lets nobody wait longer than the bound after the first who does", async () => {
    const clock = new FakeClock();
    const collapser = new Collapser({ clock });
    lead(collapser);
    await clock.advance(fillWaitMs);
    const first = wait(collapser);
    await clock.advance(fillWaitMs);
    expect(await first.result).toEqual({ kind: "uncacheable" });
  });

  it("is for requests with as many hops only", () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    lead(collapser);
    expect([collapser.join("key", { hops: 1 }).kind, collapser.join("key", { hops: 1 }).kind]).toEqual([
      "lead",
      "wait",
    ]);
    expect(collapser.has("key")).toBe(true);
  });
});

describe("a fill that was begun before its URL was changed", () => {
  it("is waited for by nobody any more: those who did look again, and the next request leads", async () => {
    const clock = new FakeClock();
    const collapser = new Collapser({ clock });
    const begunAt = clock.now();
    const old = lead(collapser);
    const waiting = wait(collapser);
    await clock.advance(1);
    const isCurrent = (begun: number): boolean => begun > begunAt;
    const joined = collapser.join("key", { isCurrent });
    expect(joined.kind).toBe("lead");
    expect(await waiting.result).toEqual({ kind: "outdated" });
    old.settle(stored);
    const next = collapser.join("key", { isCurrent });
    if (joined.kind !== "lead" || next.kind !== "wait") throw new Error("expected to lead, and to wait");
    joined.ticket.settle(stored);
    expect(await next.wait.result).toEqual(stored);
    expect(collapser.size).toBe(0);
  });
});

describe("one who leaves", () => {
  it("is told so at once, and counts no more", async () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    const ticket = lead(collapser);
    const [gone, stays] = [wait(collapser), wait(collapser)];
    gone.leave();
    gone.leave();
    expect(await gone.result).toEqual({ kind: "left" });
    expect(ticket.waiters).toBe(1);
    ticket.settle(stored);
    expect(await stays.result).toEqual(stored);
  });

  it("makes room for another", () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    lead(collapser);
    const waits = Array.from({ length: waitersPerFillMax }, () => wait(collapser));
    expect(collapser.join("key").kind).toBe("full");
    waits[0]?.leave();
    expect(collapser.join("key").kind).toBe("wait");
  });

  it("as the last leaves the leader alone, without a timer, each time", async () => {
    const clock = new FakeClock();
    const collapser = new Collapser({ clock });
    const ticket = lead(collapser);
    let deserted = 0;
    ticket.whenDeserted(() => deserted++);
    const [first, second] = [wait(collapser), wait(collapser)];
    first.leave();
    expect(deserted).toBe(0);
    second.leave();
    expect([deserted, ticket.waiters]).toEqual([1, 0]);
    await clock.advance(fillWaitMs * 2);
    // The time of those who are gone is not that of the next.
    const third = wait(collapser);
    await clock.advance(fillWaitMs - 1);
    expect(ticket.waiters).toBe(1);
    third.leave();
    expect(deserted).toBe(2);
  });

  it("after the end changes nothing", async () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    const ticket = lead(collapser);
    let deserted = 0;
    ticket.whenDeserted(() => deserted++);
    const waiting = wait(collapser);
    ticket.settle(stored);
    waiting.leave();
    expect(await waiting.result).toEqual(stored);
    expect([deserted, ticket.waiters]).toEqual([0, 1]);
  });
});
