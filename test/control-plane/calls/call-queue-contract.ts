/** What every call queue keeps to. `open` opens the same queue again and again; `clock` is the one it was given. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallQueue } from "../../../control-plane/calls/call-queue.ts";
import { callStates } from "../../../sdk/calls.ts";
import { callLimits } from "../../../sdk/limits.ts";
import { endless, ended, newCall, roomFor } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";
import { describeSendings } from "./sending-contract.ts";

export interface QueueUnderTest {
  readonly open: (clock: QueueClock) => Promise<CallQueue>;
  readonly remove: () => Promise<void>;
}

export function describeCallQueue(name: string, create: () => Promise<QueueUnderTest>): void {
  describe(`${name} as a call queue`, () => {
    let under: QueueUnderTest;
    let queue: CallQueue;
    let clock: QueueClock;
    beforeEach(async () => {
      under = await create();
      clock = new QueueClock();
      queue = await under.open(clock);
    });
    afterEach(async () => {
      await queue.close();
      await under.remove();
    });

    const reopen = async (at = clock): Promise<void> => {
      await queue.close();
      clock = at;
      queue = await under.open(at);
    };
    const leaseIds = async (max = 100, room = endless): Promise<readonly string[]> =>
      (await queue.lease({ max, room })).map(({ id }) => id);
    const stateOf = async (id: string): Promise<string | undefined> => (await queue.get(id))?.state;

    it("hands out what it accepted, the oldest first, with everything it was given", async () => {
      const call = newCall("a", {
        depth: 3,
        retries: 2,
        onSuccess: { kind: "function", function: "g", qualifier: "live" },
        onFailure: { kind: "http", url: "https://a.example/" },
      });
      await queue.accept(call);
      clock.advance(1);
      await queue.accept(newCall("b"));
      const leased = await queue.lease({ max: 10, room: endless });
      expect(leased.map(({ id }) => id)).toEqual(["a", "b"]);
      const { maxAgeMs, ...kept } = call;
      expect(leased[0]).toEqual({ ...kept, attempts: 0, losses: 0, expiresAtMs: clock.now() - 1 + maxAgeMs });
    });

    it("leases a call once, and at most `max`", async () => {
      for (const id of ["a", "b", "c"]) await queue.accept(newCall(id));
      expect(await leaseIds(2)).toHaveLength(2);
      expect(await leaseIds(2)).toHaveLength(1);
      expect(await leaseIds(2)).toEqual([]);
      expect(await stateOf("a")).toBe("running");
    });

    it("lets functions take turns, within the room of each", async () => {
      for (let index = 0; index < 20; index++) await queue.accept(newCall(`f${String(index)}`));
      await queue.accept(newCall("g0", { function: "g" }));
      await queue.accept(newCall("h0", { function: "h" }));
      const ids = await leaseIds(6);
      expect(ids).toHaveLength(6);
      expect(ids).toContain("g0");
      expect(ids).toContain("h0");
      expect(await leaseIds(10, roomFor(3))).toHaveLength(3);
      expect(await leaseIds(10, roomFor(0))).toEqual([]);
    });

    it("what it accepted, leased and ended is there after it was opened again; leases are not", async () => {
      for (const id of ["waits", "runs", "done"]) await queue.accept(newCall(id));
      await queue.lease({ max: 3, room: endless });
      await queue.giveBack("waits", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      await queue.end("done", ended("finish"));
      await reopen();
      expect(await stateOf("done")).toBe("finish");
      const again = await queue.lease({ max: 10, room: endless });
      expect(new Map(again.map(({ id, event, losses }) => [id, { event, losses }]))).toEqual(
        new Map(["runs", "waits"].map((id) => [id, { event: `{"id":"${id}"}`, losses: 0 }])),
      );
    });

    it("ends a running call once", async () => {
      await queue.accept(newCall("a"));
      expect(await queue.end("a", ended("finish"))).toBe(false);
      await leaseIds();
      clock.advance(10);
      expect(await queue.end("a", { ...ended("fail"), code: "TypeError", message: "no" })).toBe(true);
      expect(await queue.end("a", ended("finish"))).toBe(false);
      expect(await queue.get("a")).toMatchObject({
        state: "fail",
        code: "TypeError",
        message: "no",
        attempts: 1,
        durationMs: 5,
        endedAtMs: clock.now(),
      });
    });

    it.each([
      ["failed", { attempts: 1, losses: 0 }],
      ["lost", { attempts: 0, losses: 1 }],
      ["held", { attempts: 0, losses: 0 }],
    ] as const)("a call given back as %s waits for its time and is counted so", async (kind, counted) => {
      await queue.accept(newCall("a"));
      await leaseIds();
      expect(await queue.giveBack("a", { kind, delayMs: 1_000, code: "X", message: "", durationMs: null })).toBe(true);
      expect(await queue.get("a")).toMatchObject({ state: "wait", code: "X", dueAtMs: clock.now() + 1_000 });
      expect(queue.dueInMs()).toBe(1_000);
      clock.advance(999);
      expect(await leaseIds()).toEqual([]);
      clock.advance(1);
      expect((await queue.lease({ max: 1, room: endless }))[0]).toMatchObject({ id: "a", ...counted });
      expect(queue.dueInMs()).toBeNull();
    });

    it("cancels what waits and what runs, and nothing that has ended", async () => {
      await queue.accept(newCall("waits"));
      expect(await queue.cancel("waits")).toMatchObject({ cancelled: true, row: { state: "cancel" } });
      expect(await leaseIds()).toEqual([]);
      await queue.accept(newCall("runs"));
      await leaseIds();
      expect((await queue.cancel("runs"))?.cancelled).toBe(true);
      expect(await queue.end("runs", ended("finish"))).toBe(false);
      const back = { kind: "lost", delayMs: 0, code: "", message: "", durationMs: null } as const;
      expect(await queue.giveBack("runs", back)).toBe(false);
      expect(await queue.cancel("runs")).toMatchObject({ cancelled: false, row: { state: "cancel" } });
      expect(await queue.cancel("unknown")).toBeNull();
    });

    it("finds waiting calls that are too old, also those to be run later", async () => {
      await queue.accept(newCall("young", { maxAgeMs: 2_000 }));
      await queue.accept(newCall("old", { maxAgeMs: 1_000 }));
      expect(await queue.leaseExpired(10)).toEqual([]);
      clock.advance(999);
      expect(await queue.leaseExpired(10)).toEqual([]);
      clock.advance(1);
      expect((await queue.leaseExpired(10)).map(({ id }) => id)).toEqual(["old"]);
      expect(await leaseIds()).toEqual(["young"]);
    });

    it("lists by function and state, newest first, page by page", async () => {
      for (let index = 0; index < 5; index++) {
        await queue.accept(newCall(`f${String(index)}`));
        await queue.accept(newCall(`g${String(index)}`, { function: "g" }));
      }
      await queue.lease({ max: 1, room: endless });
      const all: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await queue.list({ function: "f", limit: 2, cursor });
        all.push(...page.rows.map(({ id }) => id));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(all).toEqual(["f4", "f3", "f2", "f1", "f0"]);
      const ids = async (query: object): Promise<readonly string[]> =>
        (await queue.list({ limit: 100, ...query })).rows.map(({ id }) => id);
      expect(await ids({ state: "running" })).toEqual(["f0"]);
      expect(await ids({ state: "wait", function: "g" })).toEqual(["g4", "g3", "g2", "g1", "g0"]);
      expect(await ids({})).toHaveLength(10);
      expect((await queue.list({ limit: 10 })).next).toBeNull();
    });

    it("shows every state", async () => {
      const ends = ["finish", "fail", "timeout", "discard"] as const;
      for (const id of ["wait", "running", "cancel", ...ends]) await queue.accept(newCall(id));
      await leaseIds();
      for (const state of ends) await queue.end(state, ended(state));
      await queue.cancel("cancel");
      await queue.giveBack("wait", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      for (const state of callStates)
        expect((await queue.list({ limit: 10, state })).rows.map(({ id }) => id)).toEqual([state]);
    });

    it("forgets calls that ended long ago, and no others", async () => {
      for (const id of ["waits", "old", "new"]) await queue.accept(newCall(id, { maxAgeMs: 86_400_000 }));
      await queue.lease({ max: 3, room: endless });
      await queue.giveBack("waits", { kind: "held", delayMs: 0, code: "", message: "", durationMs: null });
      await queue.end("old", ended("finish"));
      clock.advance(1);
      await queue.end("new", ended("finish"));
      clock.advance(callLimits.keptMs - 2);
      expect(await queue.purge()).toBe(0);
      clock.advance(1);
      expect(await queue.purge()).toBe(1);
      expect([await stateOf("old"), await stateOf("new"), await stateOf("waits")]).toEqual([
        undefined,
        "finish",
        "wait",
      ]);
    });

    describe("a clock that is set", () => {
      it("forward or back changes neither ages nor waits while it is open", async () => {
        await queue.accept(newCall("a"));
        await leaseIds();
        const back = { kind: "failed", delayMs: 1_000, code: "", message: "", durationMs: null } as const;
        await queue.giveBack("a", back);
        clock.set(3_600_000);
        expect(await queue.leaseExpired(10)).toEqual([]);
        expect(queue.dueInMs()).toBe(1_000);
        clock.set(-7_200_000);
        clock.advance(1_000);
        expect(await leaseIds()).toEqual(["a"]);
      });

      it("back between two starts does not take the queue's time back", async () => {
        clock.advance(5_000);
        await queue.accept(newCall("a", { maxAgeMs: 1_000 }));
        const accepted = queue.now();
        const earlier = new QueueClock();
        earlier.set(-86_400_000);
        await reopen(earlier);
        expect(queue.now()).toBe(accepted);
        expect(queue.dueInMs()).toBe(0);
        clock.advance(1_000);
        expect((await queue.leaseExpired(1)).map(({ id }) => id)).toEqual(["a"]);
      });

      it("forward between two starts counts as time that passed", async () => {
        await queue.accept(newCall("a", { maxAgeMs: 1_000 }));
        const later = new QueueClock();
        later.set(1_000);
        await reopen(later);
        expect((await queue.leaseExpired(1)).map(({ id }) => id)).toEqual(["a"]);
      });
    });

    describeSendings({ queue: () => queue, clock: () => clock, reopen: () => reopen() });
  });
}
