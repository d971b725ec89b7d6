import { expect, it } from "vitest";
import { drainBody } from "../../../edge-node/pipeline/drain-body.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

it("reads to the end and leaves no timer", async () => {
  const clock = new FakeClock();
  let read = 0;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    for (; read < 3; read++) yield new Uint8Array(1);
  }
  await drainBody({ kind: "stream", chunks: chunks(), lengthBytes: undefined }, { clock, timeoutMs: 100 });
  expect([read, clock.waits]).toEqual([3, []]);
});

it("gives up a source that does not end in time, and one that breaks off", async () => {
  const clock = new FakeClock();
  const silent = Promise.withResolvers<IteratorResult<Uint8Array>>();
  let isGivenUp = false;
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => silent.promise,
    return: () => {
      isGivenUp = true;
      silent.resolve({ done: true, value: undefined });
      return silent.promise;
    },
  };
  const body = { kind: "stream", chunks: { [Symbol.asyncIterator]: () => iterator }, lengthBytes: undefined } as const;
  const draining = drainBody(body, { clock, timeoutMs: 100 });
  await settle();
  expect(isGivenUp).toBe(false);
  await clock.advance(100);
  await draining;
  expect(isGivenUp).toBe(true);
  const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("broken")) }) };
  await drainBody({ kind: "stream", chunks: broken, lengthBytes: undefined }, { clock, timeoutMs: 100 });
  expect(clock.waits).toEqual([]);
});
