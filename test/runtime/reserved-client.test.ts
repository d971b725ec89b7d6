/** What a front tells an engine of reserved instances, and when it tells it again. */
import { expect, it } from "vitest";
import { frame, FrameReader, int, text } from "../../runtime/bridge/frame.ts";
import { toEngine, toFront } from "../../runtime/bridge/protocol.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import type { Link } from "../../runtime/link.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import { versionOf } from "./driver-fixtures.ts";

const { failedRetryMsMax, retryMs } = reservedLimits;

function setUp() {
  const clock = { nowMs: 0 };
  /** Requests that are not answered. */
  const open: number[] = [];
  const told: number[] = [];
  const link: Link = {
    givesBuffers: false,
    send: (raw) => {
      const reader = new FrameReader(raw);
      while (reader.next()) {
        if (reader.kind !== toEngine.reserve) continue;
        open.push(reader.int());
        reader.int();
        told.push(reader.int());
      }
    },
    onBatch: () => {},
    onClose: () => {},
    close: () => {},
  };
  const client = new InvocationClient(link, { nowMs: () => clock.nowMs, startTimer: () => () => {} });
  const keys = [1, 2, 3, 4]
    .map(() => versionOf("{}", {}))
    .map((version) => {
      void client.load(version);
      return version.key;
    });
  const [key = ""] = keys;
  return {
    clock,
    client,
    key,
    keys,
    told,
    answer: async (failure = "", count = Infinity): Promise<void> => {
      for (const id of open.splice(0, count)) link.onBatch(frame(toFront.done, int(id) + text(failure)), []);
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

it("tells a number once, another at once, and the same again after a while: instances may have been lost", async () => {
  const { answer, client, clock, key, told } = setUp();
  client.reserve(key, 2);
  client.reserve(key, 2);
  expect(told).toEqual([2]);
  await answer();
  clock.nowMs = retryMs - 1;
  client.reserve(key, 2);
  expect(told).toEqual([2]);
  client.reserve(key, 3);
  expect(told).toEqual([2, 3]);
  await answer();
  clock.nowMs = 2 * retryMs;
  client.reserve(key, 3);
  expect(told).toEqual([2, 3, 3]);
  client.reserve(key, 0);
  expect(told).toEqual([2, 3, 3, 0]);
});

it("tells nothing again while the engine has not answered", async () => {
  const { client, clock, key, told } = setUp();
  client.reserve(key, 2);
  clock.nowMs = 100 * retryMs;
  client.reserve(key, 2);
  expect(told).toEqual([2]);
  expect(client.running).toEqual([key]);
});

it("tells a version that does not start again ever later, and as before once it does", async () => {
  const { answer, client, clock, key, told } = setUp();
  const failure = JSON.stringify({ message: "cannot", stack: "" });
  client.reserve(key, 1);
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 9; attempt++) {
    await answer(failure);
    const failedMs = clock.nowMs;
    while (told.length === attempt) {
      clock.nowMs += 1_000;
      client.reserve(key, 1);
    }
    waits.push(clock.nowMs - failedMs);
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 60, 60, 60, 60].map((times) => times * retryMs));
  expect(waits.at(-1)).toBe(failedRetryMsMax);
  await answer();
  clock.nowMs += retryMs;
  client.reserve(key, 1);
  expect(told).toHaveLength(11);
});

it("has few versions start at a time, the next when one is done; what takes away waits for nothing", async () => {
  const { answer, client, keys, told } = setUp();
  const sayAll = (): void => {
    for (const [index, key] of keys.entries()) client.reserve(key, index + 1);
  };
  sayAll();
  sayAll();
  expect(told).toEqual([1, 2]);
  expect(client.running).toHaveLength(reservedLimits.versionsStartingMax);
  await answer("", 1);
  expect(told).toEqual([1, 2, 3]);
  client.reserve(keys[3] ?? "", 0);
  client.reserve(keys[1] ?? "", 1);
  client.reserve(keys[0] ?? "", 0);
  expect(told).toEqual([1, 2, 3, 1, 0]);
  await answer();
  expect(told).toHaveLength(5);
  client.reserve(keys[3] ?? "", 4);
  expect(told.at(-1)).toBe(4);
});

it("tells nothing of versions that are not loaded, or that have nothing reserved", () => {
  const { client, key, told } = setUp();
  client.reserve("nobody", 3);
  client.reserve(key, 0);
  client.unload(key);
  client.reserve(key, 3);
  expect(told).toEqual([]);
});

it("counts what is kept among the instances that the process's memory is judged by, though they have not spoken", () => {
  const { client, key } = setUp();
  client.reserve(key, 7);
  expect(client.instances).toBe(7);
  client.unload(key);
  expect(client.instances).toBe(0);
});
