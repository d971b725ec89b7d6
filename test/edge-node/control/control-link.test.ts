import { describe, expect, it, onTestFinished } from "vitest";
import { ControlClient } from "../../../edge-node/control/control-client.ts";
import { ControlLink, type StreamClient } from "../../../edge-node/control/control-link.ts";
import { systemClock, type Clock } from "../../../edge-node/clock.ts";
import type { DesiredState, InvokeMessage, NodeRegistration } from "../../../sdk/desired-state.ts";
import type { PreheatMessage, PurgePosition, PurgesMessage } from "../../../sdk/purge.ts";
import { noPurges } from "../../../sdk/purge-position.ts";
import { ControlPlaneDouble } from "../support/control-plane-double.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer } from "../support/signed-release.ts";

const registration: NodeRegistration = {
  name: "node-1",
  selvageVersion: "0.1.0",
  nodeVersion: "v24.0.0",
  runtimeKey: "key",
  driver: "process",
};
const signer = new Signer();
const stateOf = (revision: number): DesiredState => signer.state(revision, []);

interface OpenLink {
  readonly link: ControlLink;
  readonly states: DesiredState[];
  readonly invokes: InvokeMessage[];
  readonly purges: PurgesMessage[];
  readonly preheats: PreheatMessage[];
  readonly logger: RecordingLogger;
  /** Resolves when this many states came. */
  readonly statesCame: (count: number) => Promise<void>;
}

/** A started link; stopped at the test's end. */
function openLink(client: StreamClient, clock: Clock): OpenLink {
  const states: DesiredState[] = [];
  const invokes: InvokeMessage[] = [];
  const purges: PurgesMessage[] = [];
  const preheats: PreheatMessage[] = [];
  const logger = new RecordingLogger();
  const wakes = new Set<() => void>();
  const link = new ControlLink({
    client,
    registration,
    onState: (state) => {
      states.push(state);
      for (const wake of wakes) wake();
    },
    onInvoke: (message) => invokes.push(message),
    onCalls: () => {},
    onExplain: () => {},
    onPurges: (message) => purges.push(message),
    onPreheat: (message) => preheats.push(message),
    purgePosition: () => purges.at(-1)?.position ?? noPurges,
    clock,
    random: () => 0,
    logger,
  });
  link.start();
  onTestFinished(() => link.stop());
  const statesCame = async (count: number): Promise<void> => {
    while (states.length < count) await new Promise<void>((resolve) => wakes.add(resolve));
  };
  return { link, states, invokes, purges, preheats, logger, statesCame };
}

function clientOf(control: ControlPlaneDouble, token = "token"): ControlClient {
  const client = new ControlClient({ url: control.url, token, node: "node-1" });
  onTestFinished(() => client.close());
  return client;
}

describe("ControlLink over real sockets", () => {
  it("registers before it opens the stream, and hands on states and invocations", async () => {
    const control = await new ControlPlaneDouble().start();
    control.greeting = [{ kind: "state", state: stateOf(1) }];
    const { link, states, invokes, statesCame } = openLink(clientOf(control), systemClock);
    await statesCame(1);
    expect(control.registrations).toEqual([registration]);
    expect(link.status.kind).toBe("connected");
    const invoke: InvokeMessage = {
      kind: "invoke",
      id: "i",
      function: "hello",
      qualifier: "latest",
      phase: "fetch",
      request: { method: "GET", url: "http://a.test/", headers: [], body: null },
    };
    control.push(invoke);
    control.push({ kind: "state", state: stateOf(2) });
    await statesCame(2);
    expect(states.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(invokes).toEqual([invoke]);
  });

  it("comes back after a stream that was cut in the middle of a state, without using the half", async () => {
    const control = await new ControlPlaneDouble().start();
    const { statesCame, states } = openLink(clientOf(control), systemClock);
    await control.until(() => control.streams === 1);
    control.write(JSON.stringify({ kind: "state", state: stateOf(1) }).slice(0, -20));
    await control.stop();
    control.greeting = [{ kind: "state", state: stateOf(2) }];
    await control.start();
    await statesCame(1);
    expect(states.map(({ revision }) => revision)).toEqual([2]);
    expect(control.registrations).toHaveLength(2);
  });

  it("waits for a control plane that is not there yet", async () => {
    const control = await new ControlPlaneDouble().start();
    await control.stop();
    const { link, logger, statesCame } = openLink(clientOf(control), systemClock);
    while (logger.count("control.down") === 0) await settle();
    expect(link.status.kind).toBe("down");
    control.greeting = [{ kind: "state", state: stateOf(1) }];
    await control.start();
    await statesCame(1);
    expect(link.status.kind).toBe("connected");
  });

  it("says that the token is not accepted, without showing it, and tries again only after 30 s", async () => {
    const control = await new ControlPlaneDouble().start();
    const clock = new FakeClock();
    const { link, logger } = openLink(clientOf(control, "wrong-token"), clock);
    while (link.status.kind !== "unauthenticated") await settle();
    await clock.advance(29_999);
    expect(logger.count("control.unauthenticated")).toBe(1);
    expect(JSON.stringify(logger.lines)).not.toContain("wrong-token");
    control.token = "wrong-token";
    await clock.advance(1);
    await control.until(() => control.streams === 1);
  });

  it("drops a message that does not parse and goes on with the next", async () => {
    const control = await new ControlPlaneDouble().start();
    const { logger, statesCame } = openLink(clientOf(control), systemClock);
    await control.until(() => control.streams === 1);
    control.write(`not json\n{"kind":"state","state":{"format":9}}\n{"kind":"later"}\n`);
    control.push({ kind: "state", state: stateOf(3) });
    await statesCame(1);
    expect(logger.count("control.message.refused")).toBe(2);
    expect(logger.count("control.message.unknown")).toBe(1);
  });
});

/** A stream that a test writes to, without sockets. */
class ScriptedStreams implements StreamClient {
  opened = 0;
  readonly positions: PurgePosition[] = [];
  #write: (chunk: string) => void = () => {};

  register(): Promise<void> {
    return Promise.resolve();
  }

  openStream(purges: PurgePosition, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    this.opened++;
    this.positions.push(purges);
    const queue: string[] = [];
    let wake: () => void = () => {};
    this.#write = (chunk) => {
      queue.push(chunk);
      wake();
    };
    signal.addEventListener("abort", () => wake());
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (;;) {
        signal.throwIfAborted();
        const chunk = queue.shift();
        if (chunk === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield Buffer.from(chunk);
      }
    }
    return Promise.resolve(chunks());
  }

  async write(message: object): Promise<void> {
    this.#write(`${JSON.stringify(message)}\n`);
    await settle();
  }
}

describe("ControlLink and time", () => {
  it("drops a stream that was silent for 15 s and opens another; heartbeats keep it open", async () => {
    const streams = new ScriptedStreams();
    const clock = new FakeClock();
    const { link } = openLink(streams, clock);
    await settle();
    for (let beat = 0; beat < 5; beat++) {
      await clock.advance(14_000);
      await streams.write({ kind: "heartbeat", revision: 0 });
    }
    expect(streams.opened).toBe(1);
    await clock.advance(15_000);
    expect(link.status).toMatchObject({ kind: "down", message: expect.stringContaining("silent") as string });
    await clock.advance(100);
    expect(streams.opened).toBe(2);
  });

  it("opens another stream when this one keeps naming a revision it does not bring", async () => {
    const streams = new ScriptedStreams();
    const clock = new FakeClock();
    const { states } = openLink(streams, clock);
    await settle();
    await streams.write({ kind: "state", state: stateOf(4) });
    await streams.write({ kind: "heartbeat", revision: 5 });
    await streams.write({ kind: "heartbeat", revision: 5 });
    expect(streams.opened).toBe(1);
    await streams.write({ kind: "heartbeat", revision: 5 });
    await clock.advance(100);
    expect(streams.opened).toBe(2);
    expect(states).toHaveLength(1);
  });

  it("waits longer after each failure, and shortly again after a message", async () => {
    const clock = new FakeClock();
    const streams = new ScriptedStreams();
    let refusals = 4;
    const client: StreamClient = {
      register: () => (refusals-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve()),
      openStream: (purges, signal) => streams.openStream(purges, signal),
    };
    openLink(client, clock);
    const waits: number[] = [];
    for (let failure = 0; failure < 4; failure++) {
      await settle();
      waits.push(...clock.waits);
      await clock.advance(clock.waits[0] ?? 0);
    }
    expect(waits).toEqual([50, 100, 200, 400]);
    await streams.write({ kind: "heartbeat", revision: 0 });
    await clock.advance(15_000);
    expect(clock.waits).toEqual([50]);
  });

  it("says which purge the node took last whenever it opens a stream", async () => {
    const streams = new ScriptedStreams();
    const clock = new FakeClock();
    const { purges, preheats } = openLink(streams, clock);
    await settle();
    const position = { sequence: 3, id: "x" };
    await streams.write({ kind: "purges", since: 0, position, everything: true, purges: [] });
    await streams.write({ kind: "preheat", id: "p", urls: ["http://a.test/"] });
    await clock.advance(15_100);
    expect(streams.positions).toEqual([noPurges, position]);
    expect([purges.length, preheats]).toEqual([1, [{ kind: "preheat", id: "p", urls: ["http://a.test/"] }]]);
  });

  it("stop() ends a wait and an open stream", async () => {
    const clock = new FakeClock();
    const streams = new ScriptedStreams();
    const { link } = openLink(streams, clock);
    await settle();
    await link.stop();
    expect(link.status.kind).toBe("stopped");
    expect(clock.waits).toEqual([]);
  });
});
