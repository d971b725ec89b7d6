/** What every call queue keeps to about destinations. */
import { describe, expect, it } from "vitest";
import type { CallQueue, Sending } from "../../../control-plane/calls/call-queue.ts";
import type { CallDestination } from "../../../sdk/calls.ts";
import { endless, ended, newCall, roomFor, sendingTo } from "./new-call.ts";
import type { QueueClock } from "./queue-clock.ts";

const http: CallDestination = { kind: "http", url: "https://a.example/hook?x=1" };
const toQueue: CallDestination = { kind: "queue", queue: "q" };
const toFunction: CallDestination = { kind: "function", function: "g", qualifier: "latest" };

export function describeSendings(under: {
  readonly queue: () => CallQueue;
  readonly clock: () => QueueClock;
  readonly reopen: () => Promise<void>;
}): void {
  const { queue, clock, reopen } = under;

  /** A call that ended with something to send. */
  async function endWith(id: string, destination: CallDestination, body = "{}"): Promise<void> {
    await queue().accept(newCall(id));
    await queue().lease({ max: 100, room: endless });
    await queue().end(id, ended("finish", sendingTo(destination, body)));
  }
  const lease = (max = 100, room = endless): Promise<readonly Sending[]> => queue().leaseSendings({ max, room });
  const destinationOf = async (id: string) => (await queue().get(id))?.destination;

  async function leaseOne(): Promise<Sending> {
    const [sending] = await lease();
    if (sending === undefined) throw new Error("nothing is to be sent");
    return sending;
  }

  describe("sendings", () => {
    it("are stored with the end of their call, leased once, and there again after an end without answer", async () => {
      await endWith("a", http, '{"x":1}');
      expect(await destinationOf("a")).toEqual({ condition: "success", kind: "http", state: "pending", message: "" });
      const expected = { callId: "a", destination: http, body: '{"x":1}', depth: 0, attempts: 0, condition: "success" };
      expect(await lease()).toMatchObject([expected]);
      expect(await lease()).toEqual([]);
      await reopen();
      expect(await lease()).toMatchObject([expected]);
    });

    it("of a call that was cancelled meanwhile are not stored", async () => {
      await queue().accept(newCall("a"));
      await queue().lease({ max: 1, room: endless });
      await queue().cancel("a");
      expect(await queue().end("a", ended("finish", sendingTo(http)))).toBe(false);
      expect(await lease()).toEqual([]);
    });

    it.each([
      ["sent", { kind: "sent" }, "sent", ""],
      ["failed", { kind: "failed", message: "answered 500" }, "failed", "answered 500"],
    ] as const)("that were %s are gone, and their call says so", async (_what, end, state, message) => {
      await endWith("a", http);
      await queue().endSending((await leaseOne()).sequence, end);
      expect(await destinationOf("a")).toEqual({ condition: "success", kind: "http", state, message });
      expect(queue().sendingDueInMs()).toBeNull();
    });

    it("to be tried again wait; only what was tried is counted", async () => {
      await endWith("a", http);
      await queue().endSending((await leaseOne()).sequence, { kind: "again", held: false, delayMs: 1_000 });
      expect(queue().sendingDueInMs()).toBe(1_000);
      expect(await lease()).toEqual([]);
      clock().advance(1_000);
      const second = await leaseOne();
      expect(second.attempts).toBe(1);
      await queue().endSending(second.sequence, { kind: "again", held: true, delayMs: 0 });
      expect((await leaseOne()).attempts).toBe(1);
    });

    it("take turns by lane, within the room of each", async () => {
      for (let index = 0; index < 5; index++) await endWith(`h${String(index)}`, http);
      await endWith("q", toQueue);
      const first = await lease(3);
      expect(first.map(({ callId }) => callId)).toContain("q");
      expect(first).toHaveLength(3);
      expect(await lease(10, roomFor(1))).toHaveLength(1);
    });

    it("to a function become a call in the same step", async () => {
      await endWith("a", toFunction);
      const call = newCall("next", { function: "g", depth: 1 });
      const { sequence } = await leaseOne();
      await queue().endSending(sequence, { kind: "called", call });
      await queue().endSending(sequence, { kind: "called", call: newCall("twice", { function: "g" }) });
      expect((await queue().lease({ max: 9, room: endless })).map(({ id, depth }) => [id, depth])).toEqual([
        ["next", 1],
      ]);
      expect((await destinationOf("a"))?.state).toBe("sent");
    });

    it("to a queue become messages that are read in order and forgotten when told", async () => {
      for (const id of ["a", "b", "c"]) {
        await endWith(id, toQueue, `{"of":"${id}"}`);
        await queue().endSending((await leaseOne()).sequence, { kind: "queued", queue: "q" });
      }
      await reopen();
      const read = (after = 0, limit = 10) => queue().readMessages("q", { after, limit });
      expect((await read()).map(({ sequence, body }) => [sequence, body])).toEqual([
        [1, '{"of":"a"}'],
        [2, '{"of":"b"}'],
        [3, '{"of":"c"}'],
      ]);
      expect((await read(1, 1)).map(({ sequence }) => sequence)).toEqual([2]);
      await queue().forgetMessages("q", 2);
      expect((await read()).map(({ sequence }) => sequence)).toEqual([3]);
      expect(await queue().listQueues()).toEqual(["q"]);
      await queue().forgetMessages("q", 3);
      expect(await queue().listQueues()).toEqual([]);
      await endWith("d", toQueue);
      await queue().endSending((await leaseOne()).sequence, { kind: "queued", queue: "q" });
      expect((await read()).map(({ sequence }) => sequence)).toEqual([4]);
    });
  });
}
