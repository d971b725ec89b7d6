import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MasterKey } from "../../../control-plane/keys/master-key.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { ChangeSignal } from "../../../control-plane/rollout/change-signal.ts";
import { PurgeSource } from "../../../control-plane/purges/purge-source.ts";
import { Fleet } from "../../../control-plane/rollout/fleet.ts";
import { InvocationService } from "../../../control-plane/rollout/invocation-service.ts";
import { RevisionService } from "../../../control-plane/rollout/revision-service.ts";
import { StateSource } from "../../../control-plane/rollout/state-source.ts";
import type { Store } from "../../../control-plane/store.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import { controlLinkLimits } from "../../../sdk/limits.ts";
import { FakeClock } from "../fake-clock.ts";
import { FakeOutput } from "./fake-output.ts";

let clock: FakeClock;
let store: Store;
let reads: number;
let fleet: Fleet;
let revisions: RevisionService;
let invocations: InvocationService;
beforeEach(async () => {
  clock = new FakeClock();
  reads = 0;
  const real = await openSqliteStore({ file: ":memory:", openedAt: "2026-01-01T00:00:00.000Z" });
  store = {
    read: (work) => {
      reads++;
      return real.read(work);
    },
    change: (work) => real.change(work),
    close: () => real.close(),
  };
  const masterKey = MasterKey.fromBytes(new Uint8Array(32));
  const signal = new ChangeSignal();
  const states = new StateSource({ store, masterKey, publicKey: "k" });
  fleet = new Fleet({ states, purges: new PurgeSource(store), clock, logger: silentLogger, signal });
  revisions = new RevisionService({ store, clock, fleet, signal });
  let ids = 0;
  invocations = new InvocationService({ fleet, clock, uniqueId: () => `i${String(++ids)}` });
  await change();
});
afterEach(async () => {
  fleet.close();
  await store.close();
});

const change = (): Promise<unknown> => revisions.change(() => Promise.resolve(null));

function connect(node: string): FakeOutput {
  const output = new FakeOutput();
  fleet.connect({ node, token: "slv_token", purgePosition: null, output });
  return output;
}

const register = (name: string): Promise<void> =>
  store.change(({ nodes }) =>
    nodes.register({ name, selvageVersion: "", nodeVersion: "", runtimeKey: "", driver: "process" }, ""),
  );

const invoke = (timeoutMs = 1_000) =>
  invocations.invoke(
    {
      function: "hello",
      qualifier: "latest",
      phase: "fetch",
      request: { method: "GET", url: "http://x/", headers: [], body: null },
    },
    { timeoutMs },
  );

describe("Fleet", () => {
  it("reads each revision from the store once, however many nodes there are", async () => {
    reads = 0;
    const outputs = Array.from({ length: 20 }, (_, index) => connect(`n${String(index)}`));
    await expect.poll(() => outputs.every(({ said }) => said.length === 1)).toBe(true);
    expect(reads).toBe(1);
    await change();
    await expect.poll(() => outputs.every(({ said }) => said.join() === "state 1,state 2")).toBe(true);
    expect(reads).toBe(2);
  });

  it("sends every node a heartbeat in the agreed interval until it is closed", async () => {
    const output = connect("n1");
    await expect.poll(() => output.said).toEqual(["state 1"]);
    clock.advance(controlLinkLimits.heartbeatMs * 2);
    expect(output.said).toEqual(["state 1", "heartbeat 1", "heartbeat 1"]);
    fleet.close();
    expect([output.closed, clock.timers]).toEqual([true, 0]);
  });

  it("takes no connection after it was closed", () => {
    fleet.close();
    expect(connect("late").closed).toBe(true);
    expect(fleet.connected()).toEqual([]);
  });
});

describe("RevisionService", () => {
  it("waits until the time is over, not longer, when a node does not answer", async () => {
    await register("n1");
    connect("n1");
    const waiting = revisions.waitFor(1, 10);
    await expect.poll(() => clock.timers).toBe(2);
    clock.advance(10_000);
    expect(await waiting).toMatchObject({ nodesConnected: 1, nodesServing: 0, completeMs: null });
  });

  it("takes the time from the revision to the last acknowledgement", async () => {
    for (const node of ["n1", "n2"]) {
      await register(node);
      connect(node);
    }
    clock.advance(100);
    await revisions.acknowledge({ node: "n1", revision: 1, applyMs: 1, failures: [] });
    clock.advance(150);
    await revisions.acknowledge({ node: "n2", revision: 1, applyMs: 1, failures: [] });
    expect((await revisions.waitFor(1, 10)).completeMs).toBe(250);
  });

  it("stops waiting when the control plane stops", async () => {
    connect("n1");
    const waiting = revisions.waitFor(1, 30);
    revisions.close();
    expect((await waiting).nodesServing).toBe(0);
  });

  it("tells nodes nothing of a change that failed", async () => {
    const output = connect("n1");
    await expect.poll(() => output.said).toEqual(["state 1"]);
    await expect(revisions.change(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await change();
    await expect.poll(() => output.said).toEqual(["state 1", "state 2"]);
  });
});

describe("InvocationService", () => {
  it("ends an invocation at its deadline with a code", async () => {
    connect("n1");
    const result = invoke(2_500);
    clock.advance(2_500);
    expect(await result).toEqual({
      id: "i1",
      outcome: { kind: "failed", code: "FUNCTION_WALL_LIMIT", message: 'Node "n1" did not answer within 2500 ms.' },
      durationMs: 2_500,
      logs: [],
    });
    expect(invocations.settle({ id: "i1", outcome: { kind: "continue" }, durationMs: 1, logs: [] })).toBe(false);
  });

  it("asks nodes in turn", async () => {
    const outputs = ["n1", "n2", "n3"].map((node) => connect(node));
    await expect.poll(() => outputs.every(({ said }) => said.length === 1)).toBe(true);
    const results = Array.from({ length: 6 }, () => invoke());
    await expect.poll(() => outputs.map(({ said }) => said.length)).toEqual([3, 3, 3]);
    invocations.close();
    expect((await Promise.all(results)).map(({ outcome }) => outcome.kind)).toEqual(Array(6).fill("failed"));
  });

  it("is refused when the node's connection is full", async () => {
    const output = connect("n1");
    output.isSlow = true;
    await expect.poll(() => output.said).toEqual(["state 1"]);
    const results = Array.from({ length: 1_000 }, () => invoke());
    expect(() => invoke()).toThrow(expect.objectContaining({ code: "NODE_OVERLOADED" }));
    invocations.close();
    await Promise.all(results);
  });
});
