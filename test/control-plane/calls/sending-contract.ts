/** What every call queue keeps to about destinations: parts of the suite in call-queue-contract.ts. */
import { describe, expect, it } from "vitest";
import type { Sending } from "../../../control-plane/calls/call-queue.ts";
import type { CallDestination, SentDestination } from "../../../sdk/calls.ts";
import { endless, ended, newCall, roomFor, sendingTo } from "./new-call.ts";
import type { QueueUnderTest } from "./queue-under-test.ts";

const http: CallDestination = { kind: "http", url: "https://a.example/hook?x=1" };
const toQueue: CallDestination = { kind: "queue", queue: "q" };
const toFunction: CallDestination = { kind: "function", function: "g", qualifier: "latest" };

export function describeSendings(under: QueueUnderTest): void {
  describe("sendings", () => {
    it("are stored with the end of their call, leased once, and there again after an end without answer", async () => {
      await endWith(under, { id: "a", destination: http, body: '{"x":1}' });
      expect(await destinationOf(under, "a")).toEqual({
        condition: "success",
        kind: "http",
        state: "pending",
        message: "",
      });
      const expected = { callId: "a", destination: http, body: '{"x":1}', depth: 0, attempts: 0, condition: "success" };
      expect(await lease(under)).toMatchObject([expected]);
      expect(await lease(under)).toEqual([]);
      await under.reopen();
      expect(await lease(under)).toMatchObject([expected]);
    });

    it("of a call that was cancelled meanwhile are not stored", async () => {
      await under.queue.accept(newCall("a"));
      await under.queue.lease({ max: 1, room: endless });
      await under.queue.cancel("a");
      expect(await under.queue.end("a", ended("finish", sendingTo(http)))).toBe(false);
      expect(await lease(under)).toEqual([]);
    });

    it.each([
      ["sent", { kind: "sent" }, "sent", ""],
      ["failed", { kind: "failed", message: "answered 500" }, "failed", "answered 500"],
    ] as const)("that were %s are gone, and their call says so", async (_what, end, state, message) => {
      await endWith(under, { id: "a", destination: http });
      await under.queue.endSending((await leaseOne(under)).sequence, end);
      expect(await destinationOf(under, "a")).toEqual({ condition: "success", kind: "http", state, message });
      expect(under.queue.sendingDueInMs()).toBeNull();
    });

    it("to be tried again wait; only what was tried is counted", async () => {
      await endWith(under, { id: "a", destination: http });
      await under.queue.endSending((await leaseOne(under)).sequence, { kind: "again", held: false, delayMs: 1_000 });
      expect(under.queue.sendingDueInMs()).toBe(1_000);
      expect(await lease(under)).toEqual([]);
      under.clock.advance(1_000);
      const second = await leaseOne(under);
      expect(second.attempts).toBe(1);
      await under.queue.endSending(second.sequence, { kind: "again", held: true, delayMs: 0 });
      expect((await leaseOne(under)).attempts).toBe(1);
    });

    it("take turns by lane, within the room of each", async () => {
      for (let index = 0; index < 5; index++) await endWith(under, { id: `h${String(index)}`, destination: http });
      await endWith(under, { id: "q", destination: toQueue });
      const first = await lease(under, { max: 3 });
      expect(first.map(({ callId }) => callId)).toContain("q");
      expect(first).toHaveLength(3);
      expect(await lease(under, { max: 10, room: roomFor(1) })).toHaveLength(1);
    });
  });
}

export function describeFunctionsAndQueues(under: QueueUnderTest): void {
  describe("sendings", () => {
    it("to a function become a call in the same step", async () => {
      await endWith(under, { id: "a", destination: toFunction });
      const call = newCall("next", { function: "g", depth: 1 });
      const { sequence } = await leaseOne(under);
      await under.queue.endSending(sequence, { kind: "called", call });
      await under.queue.endSending(sequence, { kind: "called", call: newCall("twice", { function: "g" }) });
      expect((await under.queue.lease({ max: 9, room: endless })).map(({ id, depth }) => [id, depth])).toEqual([
        ["next", 1],
      ]);
      expect((await destinationOf(under, "a"))?.state).toBe("sent");
    });

    it("to a queue become messages that are read in order and forgotten when told", async () => {
      for (const id of ["a", "b", "c"]) {
        await endWith(under, { id: id, destination: toQueue, body: `{"of":"${id}"}` });
        await under.queue.endSending((await leaseOne(under)).sequence, { kind: "queued", queue: "q" });
      }
      await under.reopen();
      const read = (after = 0, limit = 10) => under.queue.readMessages("q", { after, limit });
      expect((await read()).map(({ sequence, body }) => [sequence, body])).toEqual([
        [1, '{"of":"a"}'],
        [2, '{"of":"b"}'],
        [3, '{"of":"c"}'],
      ]);
      expect((await read(1, 1)).map(({ sequence }) => sequence)).toEqual([2]);
      await under.queue.forgetMessages("q", 2);
      expect((await read()).map(({ sequence }) => sequence)).toEqual([3]);
      expect(await under.queue.listQueues()).toEqual(["q"]);
      await under.queue.forgetMessages("q", 3);
      expect(await under.queue.listQueues()).toEqual([]);
      await endWith(under, { id: "d", destination: toQueue });
      await under.queue.endSending((await leaseOne(under)).sequence, { kind: "queued", queue: "q" });
      expect((await read()).map(({ sequence }) => sequence)).toEqual([4]);
    });
  });
}

/** A call that ended with something to send. */
async function endWith(
  { queue }: QueueUnderTest,
  {
    id,
    destination,
    body = "{}",
  }: { readonly id: string; readonly destination: CallDestination; readonly body?: string },
): Promise<void> {
  await queue.accept(newCall(id));
  await queue.lease({ max: 100, room: endless });
  await queue.end(id, ended("finish", sendingTo(destination, body)));
}

function lease({ queue }: QueueUnderTest, { max = 100, room = endless } = {}): Promise<readonly Sending[]> {
  return queue.leaseSendings({ max, room });
}

async function leaseOne(under: QueueUnderTest): Promise<Sending> {
  const [sending] = await lease(under);
  if (sending === undefined) throw new Error("nothing is to be sent");
  return sending;
}

async function destinationOf({ queue }: QueueUnderTest, id: string): Promise<SentDestination | null | undefined> {
  return (await queue.get(id))?.destination;
}
