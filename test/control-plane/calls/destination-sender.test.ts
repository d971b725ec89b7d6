import { defaultEventSettings } from "../../../sdk/event-settings.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallQueue } from "../../../control-plane/calls/call-queue.ts";
import type { CallTarget } from "../../../control-plane/calls/call-targets.ts";
import { DestinationSender } from "../../../control-plane/calls/destination-sender.ts";
import type { PostOutcome } from "../../../control-plane/calls/http-destination.ts";
import { openSqliteCallQueue } from "../../../control-plane/calls/sqlite-call-queue.ts";
import { notFound } from "../../../control-plane/control-error.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { defaultAsyncConfig } from "../../../sdk/async-config-parser.ts";
import type { CallDestination } from "../../../sdk/calls.ts";
import { callLimits, destinationLimits } from "../../../sdk/call-limits.ts";
import { versionRow } from "../store/version-row.ts";
import { endless, ended, newCall, sendingTo } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";

const event = defaultEventSettings;
const http = (host = "a.example"): CallDestination => ({ kind: "http", url: `https://${host}/hook` });

let clock: QueueClock;
let queue: CallQueue;
let sender: DestinationSender;
let posts: { readonly url: string; readonly answer: (outcome: PostOutcome) => void }[];
let isEventFunction: boolean;
beforeEach(() => {
  clock = new QueueClock();
  queue = openSqliteCallQueue({ file: ":memory:", clock, waitingMax: 20 });
  posts = [];
  isEventFunction = true;
  let ids = 0;
  const resolve = (name: string): Promise<CallTarget> =>
    name === "none"
      ? Promise.reject(notFound('function "none"'))
      : Promise.resolve({
          version: versionRow({ event: isEventFunction ? event : null }),
          enabled: true,
          alias: null,
          timeoutMs: 30_000,
          config: { ...defaultAsyncConfig, retries: 3 },
        });
  sender = new DestinationSender({
    queue,
    targets: { resolve },
    http: { post: (url) => new Promise((answer) => posts.push({ url, answer })) },
    clock,
    logger: silentLogger,
    uniqueId: () => `next${String(++ids)}`,
    onAccepted: () => {},
  });
  sender.start();
});
afterEach(async () => {
  for (const { answer } of posts) answer({ kind: "taken" });
  await sender.close();
  await queue.close();
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function endWith(id: string, destination: CallDestination, depth = 0): Promise<void> {
  await queue.accept(newCall(id));
  await queue.lease({ max: 100, room: endless });
  await queue.end(id, ended("finish", { ...sendingTo(destination, '{"record":1}'), depth }));
  sender.wake();
  await turns();
}

const destinationOf = async (id: string) => (await queue.get(id))?.destination;
async function answer(outcome: PostOutcome): Promise<void> {
  posts.shift()?.answer(outcome);
  await turns();
}
const failed: PostOutcome = { kind: "failed", message: "it answered 503" };

describe("an HTTP destination", () => {
  it("is tried so often, with growing waits, and then has failed", async () => {
    await endWith("a", http());
    for (let attempt = 1; attempt < destinationLimits.attemptsMax; attempt++) {
      expect(posts).toHaveLength(1);
      await answer(failed);
      const waitMs = callLimits.retryMs * 4 ** (attempt - 1);
      expect(queue.sendingDueInMs()).toBe(waitMs);
      for (let passed = 0; passed < waitMs; passed += 1_000) {
        expect(posts).toHaveLength(0);
        clock.advance(1_000);
        await turns();
      }
    }
    await answer(failed);
    expect(await destinationOf("a")).toMatchObject({ state: "failed", message: "it answered 503" });
    expect(queue.sendingDueInMs()).toBeNull();
  });

  it("that refuses has failed at once", async () => {
    await endWith("a", http());
    await answer({ kind: "refused", message: "it answered 404" });
    expect(await destinationOf("a")).toMatchObject({ state: "failed", message: "it answered 404" });
  });

  it("that is slow keeps no other waiting", async () => {
    const count = destinationLimits.requestsPerOriginMax;
    for (let index = 0; index < count + 3; index++) await endWith(`slow${String(index)}`, http("slow.example"));
    expect(posts).toHaveLength(count);
    await endWith("quick", http("quick.example"));
    expect(posts.at(-1)?.url).toBe("https://quick.example/hook");
    await answer({ kind: "taken" });
    expect(posts.filter(({ url }) => url.includes("slow"))).toHaveLength(count);
  });
});

describe("a function that is a destination", () => {
  const g: CallDestination = { kind: "function", function: "g", qualifier: "live" };

  it("is called with the record, treated as its own configuration says, one deeper", async () => {
    await endWith("a", g, 2);
    expect(await queue.lease({ max: 9, room: endless })).toMatchObject([
      { id: "next1", function: "g", qualifier: "live", event: '{"record":1}', depth: 3, retries: 3 },
    ]);
    expect(await destinationOf("a")).toMatchObject({ state: "sent" });
  });

  it("is called at the bound and not beyond it", async () => {
    await endWith("last", g, callLimits.depthMax - 1);
    expect(await destinationOf("last")).toMatchObject({ state: "sent" });
    await endWith("beyond", g, callLimits.depthMax);
    expect(await destinationOf("beyond")).toMatchObject({ state: "failed" });
  });

  it("that is gone, or takes no events, is told", async () => {
    await endWith("a", { ...g, function: "none" });
    expect(await destinationOf("a")).toMatchObject({ state: "failed", message: 'There is no function "none".' });
    isEventFunction = false;
    await endWith("b", g);
    expect(await destinationOf("b")).toMatchObject({ state: "failed", message: "the version is no event function" });
  });

  it("waits while the queue of calls is full", async () => {
    await queue.accept(newCall("a"));
    await queue.lease({ max: 1, room: endless });
    for (let index = 0; index < 20; index++) await queue.accept(newCall(`w${String(index)}`));
    await queue.end("a", ended("finish", sendingTo(g)));
    sender.wake();
    await turns();
    expect(await destinationOf("a")).toMatchObject({ state: "pending" });
    await queue.lease({ max: 20, room: endless });
    clock.advance(1_000);
    await turns();
    expect(await destinationOf("a")).toMatchObject({ state: "sent" });
  });
});
