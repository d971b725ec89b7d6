import { describe, expect, it } from "vitest";
import { BatchSender } from "../../../edge-node/control/batch-sender.ts";
import { FakeClock } from "../support/fake-clock.ts";

class Sent {
  readonly batches: (readonly number[])[] = [];
  readonly clock = new FakeClock();
  fails = false;
  readonly #held: (() => void)[] = [];
  hold = false;

  readonly sender = new BatchSender<number>({
    send: async (items) => {
      this.batches.push(items);
      if (this.hold) await new Promise<void>((resolve) => this.#held.push(resolve));
      if (this.fails) throw new Error("no");
    },
    intervalMs: 200,
    retryMs: 1_000,
    batchMax: 3,
    queueMax: 5,
    clock: this.clock,
  });

  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

describe("BatchSender", () => {
  it("sends what came within one interval together", async () => {
    const sent = new Sent();
    sent.sender.push([1]);
    await sent.clock.advance(100);
    sent.sender.push([2]);
    await sent.clock.advance(99);
    expect(sent.batches).toEqual([]);
    await sent.clock.advance(1);
    expect(sent.batches).toEqual([[1, 2]]);
    expect(sent.clock.waits).toEqual([]);
  });

  it("sends a full batch at once, one batch at a time", async () => {
    const sent = new Sent();
    sent.hold = true;
    sent.sender.push([1, 2, 3, 4]);
    await sent.clock.advance(0);
    expect(sent.batches).toEqual([[1, 2, 3]]);
    await sent.clock.advance(1_000);
    expect(sent.batches).toHaveLength(1);
    sent.release();
    await sent.clock.advance(200);
    expect(sent.batches).toEqual([[1, 2, 3], [4]]);
  });

  it("tries a failed batch again before newer items", async () => {
    const sent = new Sent();
    sent.fails = true;
    sent.sender.push([1, 2, 3]);
    await sent.clock.advance(0);
    sent.fails = false;
    sent.sender.push([4]);
    await sent.clock.advance(999);
    expect(sent.batches).toEqual([[1, 2, 3]]);
    await sent.clock.advance(201);
    expect(sent.batches).toEqual([[1, 2, 3], [1, 2, 3], [4]]);
  });

  it("drops the oldest beyond its bound and counts them", async () => {
    const sent = new Sent();
    sent.fails = true;
    sent.sender.push([1, 2, 3]);
    await sent.clock.advance(0);
    sent.sender.push([4, 5, 6, 7]);
    expect(sent.sender.dropped).toBe(2);
    sent.fails = false;
    await sent.clock.advance(2_000);
    expect(sent.batches.slice(1)).toEqual([
      [3, 4, 5],
      [6, 7],
    ]);
  });

  it("close() sends what is queued and takes nothing more", async () => {
    const sent = new Sent();
    sent.sender.push([1, 2]);
    await sent.sender.close();
    sent.sender.push([3]);
    await sent.clock.advance(5_000);
    expect(sent.batches).toEqual([[1, 2]]);
  });

  it("close() gives up after one failure", async () => {
    const sent = new Sent();
    sent.fails = true;
    sent.sender.push([1, 2]);
    await sent.sender.close();
    expect(sent.batches).toEqual([[1, 2]]);
    expect(sent.clock.waits).toEqual([]);
  });
});
