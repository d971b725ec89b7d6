import { defaultEventSettings } from "../../../sdk/event-settings.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallDispatcher } from "../../../control-plane/calls/call-dispatcher.ts";
import type { CallQueue } from "../../../control-plane/calls/call-queue.ts";
import type { CallTarget } from "../../../control-plane/calls/call-targets.ts";
import { openSqliteCallQueue } from "../../../control-plane/calls/sqlite-call-queue.ts";
import { notFound } from "../../../control-plane/control-error.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { NodeStream } from "../../../control-plane/rollout/node-stream.ts";
import { StoreError } from "../../../control-plane/store-error.ts";
import { defaultAsyncConfig } from "../../../sdk/async-config-parser.ts";
import type { CallMessage, CallResult } from "../../../sdk/calls.ts";
import { callLimits } from "../../../sdk/call-limits.ts";
import { FakeOutput } from "../rollout/fake-output.ts";
import { versionRow } from "../store/version-row.ts";
import { newCall } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";

let clock: QueueClock;
let real: CallQueue;
let broken: boolean;
let dispatcher: CallDispatcher;
let streams: Map<string, NodeStream>;
let outputs: Map<string, FakeOutput>;
let target: Partial<CallTarget>;
beforeEach(() => {
  clock = new QueueClock();
  real = openSqliteCallQueue({ file: ":memory:", clock });
  broken = false;
  streams = new Map();
  outputs = new Map();
  target = {};
  const event = defaultEventSettings;
  const failing = new Proxy(real, {
    get: (queue, key) => {
      const value: unknown = Reflect.get(queue, key);
      if (typeof value !== "function") return value;
      if (key !== "end") return (value as (...all: unknown[]) => unknown).bind(queue);
      return (...all: Parameters<CallQueue["end"]>) =>
        broken ? Promise.reject(new StoreError("full", new Error("no room"))) : queue.end(...all);
    },
  });
  dispatcher = new CallDispatcher({
    queue: failing,
    fleet: { connected: () => [...streams.keys()].sort(), findOwn: (node) => streams.get(node) ?? null },
    targets: {
      resolve: (name) =>
        name === "none"
          ? Promise.reject(notFound('function "none"'))
          : Promise.resolve({
              version: versionRow({ event }),
              enabled: true,
              alias: null,
              timeoutMs: 30_000,
              config: defaultAsyncConfig,
              ...target,
            }),
    },
    clock,
    logger: silentLogger,
    onSending: () => {},
  });
  dispatcher.start();
});
afterEach(async () => {
  await dispatcher.close();
  await real.close();
});

/** Waits for what runs in later turns of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function connect(node: string): Promise<void> {
  const output = new FakeOutput();
  outputs.set(node, output);
  const empty = { format: 1, revision: 1, publicKey: "k", functions: [], domains: [], certificates: [] } as const;
  const options = { node, tokenId: "t", output, purgePosition: null, clock, logger: silentLogger };
  const loadPurges = () => Promise.reject(new Error("not asked for"));
  streams.set(node, new NodeStream({ ...options, loadState: () => Promise.resolve(empty), loadPurges }));
  await turns();
  dispatcher.wake();
  await turns();
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(Math.min(500, ms - passed));
    await turns();
  }
}

async function accept(...ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => real.accept(newCall(id))));
  dispatcher.wake();
  await turns();
}

const messages = (node: string): readonly (readonly CallMessage[])[] =>
  (outputs.get(node)?.messages ?? []).flatMap((message) => (message.kind === "calls" ? [message.calls] : []));
const given = (node: string): readonly string[] => messages(node).flatMap((calls) => calls.map(({ id }) => id));
const done = (id: string): CallResult => ({
  id,
  durationMs: 1,
  outcome: { kind: "answered", status: 200, eventCode: 0, isFunctionError: false, text: "" },
});
const stateOf = async (id: string): Promise<string | undefined> => (await real.get(id))?.state;

describe("CallDispatcher", () => {
  it("hands many calls out in one message, spread over the nodes", async () => {
    await accept("a", "b", "c", "d");
    await connect("n1");
    expect(messages("n1").map((calls) => calls.length)).toEqual([4]);
    await connect("n2");
    await accept("e", "f", "g", "h", "i", "j", "k", "l");
    expect(given("n1").length + given("n2").length).toBe(12);
    expect(Math.abs(given("n1").length - given("n2").length)).toBeLessThanOrEqual(1);
  });

  it("gives a node no more than its bounds, and more as it answers", async () => {
    await connect("n1");
    const ids = Array.from({ length: callLimits.perNodeMax * 2 }, (_, index) => `c${String(index)}`);
    await accept(...ids);
    expect(given("n1")).toHaveLength(callLimits.perNodeMax / 2);
    for (const calls of messages("n1")) expect(calls.length).toBeLessThanOrEqual(callLimits.batchMax);
    dispatcher.settle(given("n1").map(done));
    await turns();
    expect(given("n1").length).toBeGreaterThan(callLimits.perNodeMax / 2);
  });

  it("parts messages by their size", async () => {
    await connect("n1");
    const event = JSON.stringify("x".repeat(200_000));
    await Promise.all(["a", "b", "c", "d", "e", "f"].map((id) => real.accept(newCall(id, { event }))));
    dispatcher.wake();
    await turns();
    expect(messages("n1").map((calls) => calls.length)).toEqual([3, 3]);
  });

  it("runs calls again whose node went away, after a moment in which it may still tell", async () => {
    await connect("n1");
    await accept("told", "lost");
    streams.delete("n1");
    await pass(1_000);
    dispatcher.settle([done("told")]);
    await turns();
    await connect("n2");
    expect(given("n2")).toEqual([]);
    await pass(callLimits.lostMs + 1_000);
    expect(given("n2")).toEqual(["lost"]);
    expect([await stateOf("told"), await stateOf("lost")]).toEqual(["finish", "running"]);
  });

  it("runs a call again that a node was given before it came back", async () => {
    await connect("n1");
    await accept("a");
    await connect("n1");
    await pass(callLimits.lostMs + 2_000);
    expect(given("n1")).toEqual(["a"]);
  });

  it("runs a call again that a node does not answer", async () => {
    await connect("n1");
    await real.accept(newCall("a", { maxAgeMs: 3_600_000 }));
    dispatcher.wake();
    await turns();
    const timeoutMs = (messages("n1")[0]?.[0]?.timeoutMs ?? 0) + callLimits.slackMs;
    await pass(timeoutMs - 2_000);
    expect(given("n1")).toEqual(["a"]);
    await pass(4_000);
    expect(given("n1")).toEqual(["a", "a"]);
  });

  it("keeps what a node said until it can be stored", async () => {
    await connect("n1");
    await accept("a");
    broken = true;
    dispatcher.settle([done("a")]);
    await pass(2_000);
    expect(await stateOf("a")).toBe("running");
    expect(dispatcher.running).toBe(1);
    broken = false;
    await pass(1_000);
    expect(await stateOf("a")).toBe("finish");
    expect(dispatcher.running).toBe(0);
    expect(given("n1")).toEqual(["a"]);
  });

  it("discards calls that are too old, or that nothing can run", async () => {
    await real.accept(newCall("old", { maxAgeMs: 1_000 }));
    await pass(2_000);
    expect(await real.get("old")).toMatchObject({ state: "discard", code: "CALL_EXPIRED" });
    await connect("n1");
    await real.accept(newCall("orphan", { function: "none" }));
    dispatcher.wake();
    await turns();
    expect(await real.get("orphan")).toMatchObject({ state: "discard", code: "NOT_FOUND" });
    target = { version: versionRow() };
    await accept("plain");
    expect(await real.get("plain")).toMatchObject({ state: "discard", code: "NOT_FOUND" });
    expect(given("n1")).toEqual([]);
  });

  it("keeps the calls of a disabled function until it is enabled", async () => {
    await connect("n1");
    target = { enabled: false };
    await accept("a");
    await pass(4_000);
    expect([given("n1"), await stateOf("a")]).toEqual([[], "wait"]);
    target = {};
    await pass(2_000);
    expect(given("n1")).toEqual(["a"]);
  });

  it("waits for a node whose connection takes nothing", async () => {
    await connect("n1");
    const output = outputs.get("n1");
    if (output !== undefined) output.isSlow = true;
    for (let index = 0; index < 80; index++) await accept(`c${String(index)}`);
    expect(given("n1").length).toBeLessThan(80);
    output?.drain();
    await turns();
    for (let round = 0; round < 20; round++) {
      dispatcher.settle(given("n1").map(done));
      await pass(500);
    }
    expect(new Set(given("n1")).size).toBe(80);
  });
});
