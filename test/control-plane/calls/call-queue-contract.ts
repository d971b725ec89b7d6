/** What every call queue keeps to. `open` opens the same queue again and again; `clock` is the one it was given. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callStates } from "../../../sdk/calls.ts";
import { callLimits } from "../../../sdk/call-limits.ts";
import { endless, ended, newCall, roomFor } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";
import { QueueUnderTest, type QueuePlace } from "./queue-under-test.ts";
import { describeFunctionsAndQueues, describeSendings } from "./sending-contract.ts";

/** Runs the suite; `makePlace` gives an empty place for each test. */
export function describeCallQueue(name: string, makePlace: () => Promise<QueuePlace>): void {
  describe(`${name} as a call queue`, () => {
    const under = new QueueUnderTest(makePlace);
    beforeEach(() => under.start());
    afterEach(() => under.stop());
    describeLeases(under);
    describeEnds(under);
    describeLists(under);
    describeClock(under);
    describeSendings(under);
    describeFunctionsAndQueues(under);
  });
}

function describeLeases(under: QueueUnderTest): void {
  describe("leases", () => {
    it("hands out what it accepted, the oldest first, with everything it was given", async () => {
      const call = newCall("a", {
        depth: 3,
        retries: 2,
        onSuccess: { kind: "function", function: "g", qualifier: "live" },
        onFailure: { kind: "http", url: "https://a.example/" },
      });
      await under.queue.accept(call);
      under.clock.advance(1);
      await under.queue.accept(newCall("b"));
      const leased = await under.queue.lease({ max: 10, room: endless });
      expect(leased.map(({ id }) => id)).toEqual(["a", "b"]);
      const { maxAgeMs, ...kept } = call;
      expect(leased[0]).toEqual({ ...kept, attempts: 0, losses: 0, expiresAtMs: under.clock.now() - 1 + maxAgeMs });
    });

    it("leases a call once, and at most `max`", async () => {
      for (const id of ["a", "b", "c"]) await under.queue.accept(newCall(id));
      expect(await under.leaseIds(2)).toHaveLength(2);
      expect(await under.leaseIds(2)).toHaveLength(1);
      expect(await under.leaseIds(2)).toEqual([]);
      expect(await under.stateOf("a")).toBe("running");
    });

    it("lets functions take turns, within the room of each", async () => {
      for (let index = 0; index < 20; index++) await under.queue.accept(newCall(`f${String(index)}`));
      await under.queue.accept(newCall("g0", { function: "g" }));
      await under.queue.accept(newCall("h0", { function: "h" }));
      const ids = await under.leaseIds(6);
      expect(ids).toHaveLength(6);
      expect(ids).toContain("g0");
      expect(ids).toContain("h0");
      expect(await under.leaseIds(10, roomFor(3))).toHaveLength(3);
      expect(await under.leaseIds(10, roomFor(0))).toEqual([]);
    });

    it("what it accepted, leased and ended is there after it was opened again; leases are not", async () => {
      for (const id of ["waits", "runs", "done"]) await under.queue.accept(newCall(id));
      await under.queue.lease({ max: 3, room: endless });
      await under.queue.giveBack("waits", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      await under.queue.end("done", ended("finish"));
      await under.reopen();
      expect(await under.stateOf("done")).toBe("finish");
      const again = await under.queue.lease({ max: 10, room: endless });
      expect(new Map(again.map(({ id, event, losses }) => [id, { event, losses }]))).toEqual(
        new Map(["runs", "waits"].map((id) => [id, { event: `{"id":"${id}"}`, losses: 0 }])),
      );
    });
  });
}

function describeEnds(under: QueueUnderTest): void {
  describe("ends", () => {
    it("ends a running call once", async () => {
      await under.queue.accept(newCall("a"));
      expect(await under.queue.end("a", ended("finish"))).toBe(false);
      await under.leaseIds();
      under.clock.advance(10);
      expect(await under.queue.end("a", { ...ended("fail"), code: "TypeError", message: "no" })).toBe(true);
      expect(await under.queue.end("a", ended("finish"))).toBe(false);
      expect(await under.queue.get("a")).toMatchObject({
        state: "fail",
        code: "TypeError",
        message: "no",
        attempts: 1,
        durationMs: 5,
        endedAtMs: under.clock.now(),
      });
    });

    it.each([
      ["failed", { attempts: 1, losses: 0 }],
      ["lost", { attempts: 0, losses: 1 }],
      ["held", { attempts: 0, losses: 0 }],
    ] as const)("a call given back as %s waits for its time and is counted so", async (kind, counted) => {
      await under.queue.accept(newCall("a"));
      await under.leaseIds();
      expect(await under.queue.giveBack("a", { kind, delayMs: 1_000, code: "X", message: "", durationMs: null })).toBe(
        true,
      );
      expect(await under.queue.get("a")).toMatchObject({
        state: "wait",
        code: "X",
        dueAtMs: under.clock.now() + 1_000,
      });
      expect(under.queue.dueInMs()).toBe(1_000);
      under.clock.advance(999);
      expect(await under.leaseIds()).toEqual([]);
      under.clock.advance(1);
      expect((await under.queue.lease({ max: 1, room: endless }))[0]).toMatchObject({ id: "a", ...counted });
      expect(under.queue.dueInMs()).toBeNull();
    });

    it("cancels what waits and what runs, and nothing that has ended", async () => {
      await under.queue.accept(newCall("waits"));
      expect(await under.queue.cancel("waits")).toMatchObject({ cancelled: true, row: { state: "cancel" } });
      expect(await under.leaseIds()).toEqual([]);
      await under.queue.accept(newCall("runs"));
      await under.leaseIds();
      expect((await under.queue.cancel("runs"))?.cancelled).toBe(true);
      expect(await under.queue.end("runs", ended("finish"))).toBe(false);
      const back = { kind: "lost", delayMs: 0, code: "", message: "", durationMs: null } as const;
      expect(await under.queue.giveBack("runs", back)).toBe(false);
      expect(await under.queue.cancel("runs")).toMatchObject({ cancelled: false, row: { state: "cancel" } });
      expect(await under.queue.cancel("unknown")).toBeNull();
    });

    it("finds waiting calls that are too old, also those to be run later", async () => {
      await under.queue.accept(newCall("young", { maxAgeMs: 2_000 }));
      await under.queue.accept(newCall("old", { maxAgeMs: 1_000 }));
      expect(await under.queue.leaseExpired(10)).toEqual([]);
      under.clock.advance(999);
      expect(await under.queue.leaseExpired(10)).toEqual([]);
      under.clock.advance(1);
      expect((await under.queue.leaseExpired(10)).map(({ id }) => id)).toEqual(["old"]);
      expect(await under.leaseIds()).toEqual(["young"]);
    });
  });
}

function describeLists(under: QueueUnderTest): void {
  describe("lists", () => {
    it("lists by function and state, newest first, page by page", async () => {
      for (let index = 0; index < 5; index++) {
        await under.queue.accept(newCall(`f${String(index)}`));
        await under.queue.accept(newCall(`g${String(index)}`, { function: "g" }));
      }
      await under.queue.lease({ max: 1, room: endless });
      const all: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await under.queue.list({ function: "f", limit: 2, cursor });
        all.push(...page.rows.map(({ id }) => id));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(all).toEqual(["f4", "f3", "f2", "f1", "f0"]);
      const ids = async (query: object): Promise<readonly string[]> =>
        (await under.queue.list({ limit: 100, ...query })).rows.map(({ id }) => id);
      expect(await ids({ states: ["running"] })).toEqual(["f0"]);
      expect(await ids({ states: ["wait"], function: "g" })).toEqual(["g4", "g3", "g2", "g1", "g0"]);
      expect(await ids({ states: ["running", "wait"], function: "f" })).toEqual(["f4", "f3", "f2", "f1", "f0"]);
      expect(await ids({})).toHaveLength(10);
      expect((await under.queue.list({ limit: 10 })).next).toBeNull();
    });

    it("shows every state", async () => {
      const ends = ["finish", "fail", "timeout", "discard"] as const;
      for (const id of ["wait", "running", "cancel", ...ends]) await under.queue.accept(newCall(id));
      await under.leaseIds();
      for (const state of ends) await under.queue.end(state, ended(state));
      await under.queue.cancel("cancel");
      await under.queue.giveBack("wait", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      for (const state of callStates)
        expect((await under.queue.list({ limit: 10, states: [state] })).rows.map(({ id }) => id)).toEqual([state]);
    });

    it("forgets calls that ended long ago, and no others", async () => {
      for (const id of ["waits", "old", "new"]) await under.queue.accept(newCall(id, { maxAgeMs: 86_400_000 }));
      await under.queue.lease({ max: 3, room: endless });
      await under.queue.giveBack("waits", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      await under.queue.end("old", ended("finish"));
      under.clock.advance(1);
      await under.queue.end("new", ended("finish"));
      under.clock.advance(callLimits.keptMs - 2);
      expect(await under.queue.purge()).toBe(0);
      under.clock.advance(1);
      expect(await under.queue.purge()).toBe(1);
      expect([await under.stateOf("old"), await under.stateOf("new"), await under.stateOf("waits")]).toEqual([
        undefined,
        "finish",
        "wait",
      ]);
    });
  });
}

function describeClock(under: QueueUnderTest): void {
  describe("a clock that is set", () => {
    it("forward or back changes neither ages nor waits while it is open", async () => {
      await under.queue.accept(newCall("a"));
      await under.leaseIds();
      const back = { kind: "failed", delayMs: 1_000, code: "", message: "", durationMs: null } as const;
      await under.queue.giveBack("a", back);
      under.clock.set(3_600_000);
      expect(await under.queue.leaseExpired(10)).toEqual([]);
      expect(under.queue.dueInMs()).toBe(1_000);
      under.clock.set(-7_200_000);
      under.clock.advance(1_000);
      expect(await under.leaseIds()).toEqual(["a"]);
    });

    it("back between two starts does not take the queue's time back", async () => {
      under.clock.advance(5_000);
      await under.queue.accept(newCall("a", { maxAgeMs: 1_000 }));
      const accepted = under.queue.now();
      const earlier = new QueueClock();
      earlier.set(-86_400_000);
      await under.reopen(earlier);
      expect(under.queue.now()).toBe(accepted);
      expect(under.queue.dueInMs()).toBe(0);
      under.clock.advance(1_000);
      expect((await under.queue.leaseExpired(1)).map(({ id }) => id)).toEqual(["a"]);
    });

    it("forward between two starts counts as time that passed", async () => {
      await under.queue.accept(newCall("a", { maxAgeMs: 1_000 }));
      const later = new QueueClock();
      later.set(1_000);
      await under.reopen(later);
      expect((await under.queue.leaseExpired(1)).map(({ id }) => id)).toEqual(["a"]);
    });
  });
}
