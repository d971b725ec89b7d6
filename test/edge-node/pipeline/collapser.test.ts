import { describe, expect, it } from "vitest";
import { Collapser, type FillResult, type Joined } from "../../../edge-node/pipeline/collapser.ts";
import { cacheLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock } from "../support/fake-clock.ts";

const { fillWaitMs, waitersPerFillMax } = cacheLimits;

function lead(joined: Joined): Extract<Joined, { kind: "lead" }>["ticket"] {
  if (joined.kind !== "lead") throw new Error(`expected to lead: ${joined.kind}`);
  return joined.ticket;
}

function wait(joined: Joined): Promise<FillResult> {
  if (joined.kind !== "wait") throw new Error(`expected to wait: ${joined.kind}`);
  return joined.result;
}

describe("join()", () => {
  it("lets the first lead and the others wait for what it finds out, each key for itself", async () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    const ticket = lead(collapser.join("a"));
    const other = lead(collapser.join("b"));
    const waiting = [wait(collapser.join("a")), wait(collapser.join("a"))];
    expect([ticket.waiters, other.waiters, collapser.size]).toEqual([2, 0, 2]);
    ticket.settle({ kind: "stored" });
    ticket.settle({ kind: "uncacheable" });
    expect(await Promise.all(waiting)).toEqual([{ kind: "stored" }, { kind: "stored" }]);
    expect([collapser.has("a"), collapser.has("b")]).toEqual([false, true]);
  });

  it("lets so many wait and no more; there is room again when they were released", async () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    const ticket = lead(collapser.join("a"));
    const waiting = Array.from({ length: waitersPerFillMax }, () => wait(collapser.join("a")));
    expect(collapser.join("a")).toEqual({ kind: "full" });
    expect(lead(collapser.join("b")).waiters).toBe(0);
    ticket.settle({ kind: "failed", code: "ORIGIN_TIMEOUT" });
    expect(new Set((await Promise.all(waiting)).map(({ kind }) => kind))).toEqual(new Set(["failed"]));
    expect(collapser.join("a").kind).toBe("lead");
  });

  it("lets nobody wait longer than allowed after the first who did; the one that leads goes on", async () => {
    const clock = new FakeClock();
    const collapser = new Collapser({ clock });
    const ticket = lead(collapser.join("a"));
    await clock.advance(2 * fillWaitMs);
    const waiting = wait(collapser.join("a"));
    await clock.advance(fillWaitMs);
    expect(await waiting).toEqual({ kind: "uncacheable" });
    const next = lead(collapser.join("a"));
    ticket.settle({ kind: "stored" });
    expect(collapser.has("a")).toBe(true);
    next.settle({ kind: "stored" });
    expect(collapser.size).toBe(0);
  });

  it("lets no request wait for itself: one that came round has more hops", () => {
    const collapser = new Collapser({ clock: new FakeClock() });
    collapser.join("a");
    expect(collapser.join("a", 1).kind).toBe("lead");
    expect(collapser.join("a", 1).kind).toBe("wait");
    expect(collapser.has("a")).toBe(true);
  });
});
