import { describe, expect, it } from "vitest";
import { silentLogger } from "../../../control-plane/logger.ts";
import { NodeStream } from "../../../control-plane/rollout/node-stream.ts";
import type { DesiredState, InvokeMessage } from "../../../sdk/desired-state.ts";
import { controlLinkLimits } from "../../../sdk/limits.ts";
import type { PurgePosition, PurgesMessage } from "../../../sdk/purge.ts";
import { FakeClock } from "../fake-clock.ts";
import { FakeOutput, settle } from "./fake-output.ts";

const stateOf = (revision: number): DesiredState => ({
  format: 1,
  revision,
  publicKey: "",
  functions: [],
  domains: [],
  certificates: [],
});

const invoke = (id: string): InvokeMessage => ({
  kind: "invoke",
  id,
  function: "hello",
  qualifier: "latest",
  phase: "fetch",
  request: { method: "GET", url: "http://x/", headers: [], body: null },
});

interface PurgeOptions {
  readonly purgePosition: PurgePosition | null;
  readonly loadPurges: (since: PurgePosition) => Promise<PurgesMessage>;
}

const noPurgeOptions: PurgeOptions = {
  purgePosition: null,
  loadPurges: () => Promise.reject(new Error("a node that knows no purges is sent none")),
};

function openStream(
  loadState: () => Promise<DesiredState>,
  purging: PurgeOptions = noPurgeOptions,
): {
  stream: NodeStream;
  output: FakeOutput;
  clock: FakeClock;
} {
  const output = new FakeOutput();
  const clock = new FakeClock();
  const options = { node: "n1", output, loadState, clock, logger: silentLogger };
  const stream = new NodeStream({ ...options, ...purging });
  return { stream, output, clock };
}

describe("NodeStream", () => {
  it("sends the state at once and each newer one", async () => {
    let revision = 1;
    const { stream, output } = openStream(async () => stateOf(revision));
    await settle();
    revision = 2;
    stream.offerState();
    await settle();
    expect(output.said).toEqual(["state 1", "state 2"]);
  });

  it("sends no state twice", async () => {
    const { stream, output } = openStream(async () => stateOf(1));
    await settle();
    stream.offerState();
    await settle();
    expect(output.said).toEqual(["state 1"]);
  });

  it("sends a slow connection only the newest state once it can take one", async () => {
    let revision = 1;
    const { stream, output } = openStream(async () => stateOf(revision));
    output.isSlow = true;
    await settle();
    for (revision = 2; revision < 9; revision++) {
      stream.offerState();
      await settle();
    }
    expect(output.said).toEqual(["state 1"]);
    output.drain();
    await settle();
    expect(output.said).toEqual(["state 1", "state 9"]);
  });

  it("misses no state that is offered while another one is being loaded", async () => {
    const loads: PromiseWithResolvers<DesiredState>[] = [];
    const { stream, output } = openStream(() => {
      const load = Promise.withResolvers<DesiredState>();
      loads.push(load);
      return load.promise;
    });
    stream.offerState();
    loads[0]?.resolve(stateOf(1));
    await settle();
    loads[1]?.resolve(stateOf(2));
    await settle();
    expect(output.said).toEqual(["state 1", "state 2"]);
  });

  it("sends heartbeats with the revision sent last, none before the first state", async () => {
    const first = Promise.withResolvers<DesiredState>();
    const { stream, output } = openStream(() => first.promise);
    stream.heartbeat();
    first.resolve(stateOf(4));
    await settle();
    stream.heartbeat();
    expect(output.said).toEqual(["state 4", "heartbeat 4"]);
  });

  it("closes a connection that takes nothing for the time of silence", async () => {
    const { stream, output, clock } = openStream(async () => stateOf(1));
    output.isSlow = true;
    await settle();
    clock.advance(controlLinkLimits.silenceMs - 1);
    stream.heartbeat();
    expect(output.closed).toBe(false);
    clock.advance(1);
    stream.heartbeat();
    expect([output.closed, output.said]).toEqual([true, ["state 1"]]);
  });

  it("sends invocations after the state and keeps them for a slow connection", async () => {
    const { stream, output } = openStream(async () => stateOf(1));
    output.isSlow = true;
    expect(stream.request(invoke("a"))).toBe(true);
    await settle();
    expect(output.said).toEqual(["state 1"]);
    output.drain();
    await settle();
    expect(output.said).toEqual(["state 1", "invoke hello"]);
  });

  it("misses no invocation that comes right after another", async () => {
    const { stream, output } = openStream(async () => stateOf(1));
    await settle();
    for (const id of ["a", "b", "c"]) stream.request(invoke(id));
    await settle();
    expect(output.said).toEqual(["state 1", "invoke hello", "invoke hello", "invoke hello"]);
  });

  it("takes a bounded number of invocations for a slow connection, and none after its end", async () => {
    const { stream, output } = openStream(async () => stateOf(1));
    output.isSlow = true;
    await settle();
    const taken = Array.from({ length: 1_100 }, (_, index) => stream.request(invoke(String(index))));
    expect(taken.filter(Boolean)).toHaveLength(1_000);
    stream.close();
    expect(stream.request(invoke("late"))).toBe(false);
  });

  it("ends the connection when the state cannot be loaded", async () => {
    const { output } = openStream(() => Promise.reject(new Error("store gone")));
    await settle();
    expect([output.closed, output.said]).toEqual([true, []]);
  });

  it("sends what the node missed of purges before its first state, and newer ones as they come", async () => {
    let sequence = 2;
    const asked: number[] = [];
    const loadPurges = async ({ sequence: since }: PurgePosition): Promise<PurgesMessage> => {
      asked.push(since);
      return { kind: "purges", since, position: { sequence, id: "x" }, everything: false, purges: [] };
    };
    const { stream, output } = openStream(async () => stateOf(1), {
      purgePosition: { sequence: 2, id: "x" },
      loadPurges,
    });
    await settle();
    expect(output.said).toEqual(["purges 2", "state 1"]);
    stream.offerPurges();
    await settle();
    sequence = 4;
    stream.offerPurges();
    await settle();
    expect(output.said).toEqual(["purges 2", "state 1", "purges 4"]);
    sequence = 5;
    stream.offerPurges();
    await settle();
    expect(asked).toEqual([2, 2, 2, 4]);
  });

  it("sends no state to a node whose purges cannot be loaded", async () => {
    const { output } = openStream(async () => stateOf(1), {
      purgePosition: { sequence: 0, id: "" },
      loadPurges: () => Promise.reject(new Error("store gone")),
    });
    await settle();
    expect([output.closed, output.said]).toEqual([true, []]);
  });

  it("says nothing after its end", async () => {
    const { stream, output } = openStream(async () => stateOf(1));
    output.close();
    stream.offerState();
    stream.heartbeat();
    await settle();
    expect(output.said).toEqual([]);
  });
});
