import { describe, expect, it } from "vitest";
import { FrontSlot, type NumberedState, type SlotOutcome } from "../../../edge-node/supervisor/front-slot.ts";
import type { FrontEvents, FrontHandle } from "../../../edge-node/supervisor/front-handle.ts";
import type { Purge } from "../../../edge-node/cache/purge-table.ts";
import type { FromFront, FrontSettings, ToFront } from "../../../edge-node/ipc.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { Signer } from "../support/signed-release.ts";

const signer = new Signer();
const settings: FrontSettings = {
  node: "node-1",
  index: 0,
  fronts: 1,
  dataFolder: "/nowhere",
  driver: "process",
  hosts: 1,
  hostMemoryMiB: 1_024,
  reservedMemoryMiB: 4_096,
  restartShare: 1,
  warmInstances: 1,
  sandbox: "off",
  spareInstances: 2,
  snapshots: "on",
  cacheBytesMax: 0,
  diskCache: null,
  egressAllowNetworks: [],
  originAllowNetworks: [],
  trustedProxyNetworks: [],
  connectionsMax: 100,
  connectionsPerAddressMax: 10,
  logLevel: "silent",
  accessLog: { kind: "off" },
  drainMs: 0,
};
const address = { host: "127.0.0.1", port: 8080 };

function stateOf(id: number): NumberedState {
  return { id, state: { state: signer.state(id, []), versions: [], certificates: [], failures: [] } };
}

/** A process that does what the test says; the n-th start of the slot. */
class ScriptedFront implements FrontHandle {
  readonly pid: number;
  readonly received: ToFront[] = [];
  readonly #events: FrontEvents;
  killed = false;

  constructor(pid: number, events: FrontEvents) {
    this.pid = pid;
    this.#events = events;
  }

  send(message: ToFront): void {
    this.received.push(message);
  }

  kill(): void {
    this.killed = true;
    this.exit("signal SIGKILL");
  }

  say(message: FromFront): void {
    this.#events.onMessage(message);
  }

  exit(reason: string): void {
    this.#events.onExit(reason);
  }

  /** Kinds of what came, without the heartbeats. */
  get kinds(): string[] {
    return this.received.map(({ kind }) => kind).filter((kind) => kind !== "ping");
  }

  /** Starts, applies what it was given and listens. */
  serve(): void {
    this.say({ kind: "started", runtimeKey: "key" });
    this.applyAll();
    if (this.kinds.includes("listen")) this.say({ kind: "listening", port: 8080 });
  }

  applyAll(): void {
    for (const message of this.received) {
      if (message.kind === "state") this.say({ kind: "applied", id: message.id, failures: [], damaged: [] });
    }
  }
}

interface Setup {
  readonly slot: FrontSlot;
  readonly fronts: ScriptedFront[];
  /** What a front that starts is told. */
  readonly purges: Purge[];
  readonly clock: FakeClock;
  readonly exits: { reason: string; final: boolean }[];
  /** The process that runs or ran last. */
  readonly front: () => ScriptedFront;
}

function setUp(): Setup {
  const clock = new FakeClock();
  const fronts: ScriptedFront[] = [];
  const exits: { reason: string; final: boolean }[] = [];
  const purges: Purge[] = [];
  const slot = new FrontSlot({
    settings,
    spawn: (_settings, events) => {
      const front = new ScriptedFront(fronts.length + 1, events);
      fronts.push(front);
      return front;
    },
    clock,
    random: () => 0,
    logger: silentLogger,
    onMessage: () => {},
    onServing: () => {},
    purges: () => purges,
    ticketKey: () => null,
    onExit: (exit) => exits.push(exit),
  });
  const front = (): ScriptedFront => {
    const last = fronts.at(-1);
    if (last === undefined) throw new Error("no front was started");
    return last;
  };
  return { slot, fronts, purges, clock, exits, front };
}

async function outcomeOf(promise: Promise<SlotOutcome | null>): Promise<SlotOutcome | "pending" | null> {
  await settle();
  return await Promise.race([promise, Promise.resolve("pending" as const)]);
}

const purge: Purge = { sequence: 1, target: { kind: "all", domain: null }, mode: "hard", at: 1 };

describe("FrontSlot", () => {
  it("gives a front all purges before its state, and further ones from its start on", async () => {
    const { slot, purges, front } = setUp();
    purges.push(purge);
    void slot.start(address, stateOf(1));
    const further = { kind: "purge", id: 1, purges: [purge] } as const;
    expect(slot.sendEarly(further)).toBe(false);
    front().say({ kind: "started", runtimeKey: "key" });
    expect(slot.sendEarly(further)).toBe(true);
    const received = front().received.filter(({ kind }) => kind !== "ping");
    expect(received).toEqual([{ kind: "purgeTable", purges: [purge] }, { kind: "state", ...stateOf(1) }, further]);
    front().kill();
    expect(slot.sendEarly(further)).toBe(false);
  });

  it("gives a front its state before it lets it listen", async () => {
    const { slot, front } = setUp();
    const started = slot.start(address, stateOf(1));
    front().say({ kind: "started", runtimeKey: "key" });
    expect(front().kinds).toEqual(["state"]);
    front().applyAll();
    expect(front().kinds).toEqual(["state", "listen"]);
    expect(await outcomeOf(started)).toMatchObject({ kind: "applied" });
    expect(slot.status.phase).toBe("starting");
    front().say({ kind: "listening", port: 8080 });
    expect(slot.status).toMatchObject({ phase: "serving", revision: 1 });
  });

  it("lets a front listen at once when there is no state", () => {
    const { slot, front } = setUp();
    void slot.start(address, null);
    front().serve();
    expect(front().kinds).toEqual(["listen"]);
    expect(slot.status).toMatchObject({ phase: "serving", revision: null });
  });

  it("lets a front listen that refused its state: it answers that it knows no domain", async () => {
    const { slot, front } = setUp();
    const started = slot.start(address, stateOf(1));
    front().say({ kind: "started", runtimeKey: "key" });
    front().say({ kind: "refused", id: 1, message: "cannot be routed" });
    expect(await outcomeOf(started)).toEqual({ kind: "refused", message: "cannot be routed" });
    expect(front().kinds).toEqual(["state", "listen"]);
  });

  it("restarts a front that ended, after growing waits, and gives it the newest state", async () => {
    const { slot, fronts, front, clock } = setUp();
    void slot.start(address, null);
    front().serve();
    const applied = slot.apply(stateOf(7));
    front().exit("signal SIGSEGV");
    expect(slot.status.phase).toBe("waiting");
    await clock.advance(49);
    expect(fronts).toHaveLength(1);
    await clock.advance(1);
    expect(fronts).toHaveLength(2);
    front().serve();
    expect(await outcomeOf(applied)).toMatchObject({ kind: "applied" });
    expect(slot.status).toMatchObject({ phase: "serving", revision: 7, restarts: 1 });
    front().exit("again");
    await clock.advance(99);
    expect(fronts).toHaveLength(2);
    await clock.advance(1);
    expect(fronts).toHaveLength(3);
  });

  it("bounds a crash loop: waits grow to 10 s, and shrink again after 30 s of service", async () => {
    const { slot, fronts, front, clock } = setUp();
    void slot.start(address, null);
    for (let crash = 0; crash < 12; crash++) {
      front().exit("crash");
      await clock.advance(clock.waits[0] ?? 0);
    }
    expect(fronts).toHaveLength(13);
    front().exit("crash");
    expect(clock.waits).toEqual([5_000]);
    await clock.advance(5_000);
    front().serve();
    for (let second = 0; second < 30; second++) {
      front().say({ kind: "pong", id: second, requestsInFlight: 0, rssBytes: 1, logsDropped: 0, quarantined: [] });
      await clock.advance(1_000);
    }
    front().exit("crash");
    expect(clock.waits).toEqual([50]);
  });

  it("kills a front that leaves ten pings unanswered, and none that answers", async () => {
    const { slot, front, clock } = setUp();
    void slot.start(address, null);
    front().serve();
    for (let second = 0; second < 30; second++) {
      front().say({ kind: "pong", id: second, requestsInFlight: 3, rssBytes: 9, logsDropped: 0, quarantined: [] });
      await clock.advance(1_000);
    }
    expect(slot.status).toMatchObject({ requestsInFlight: 3, rssBytes: 9, restarts: 0 });
    const hung = front();
    await clock.advance(8_000);
    expect(hung.killed).toBe(false);
    await clock.advance(2_000);
    expect(hung.killed).toBe(true);
    expect(slot.status.restarts).toBe(1);
  });

  it("kills a front that does not start within a minute", async () => {
    const { slot, front, clock } = setUp();
    void slot.start(address, null);
    const slow = front();
    await clock.advance(60_000);
    expect(slow.killed).toBe(true);
    expect(slot.status.restarts).toBe(1);
  });

  it("gives a state up that ended the front three times, and serves the one before", async () => {
    const { slot, front, clock } = setUp();
    void slot.start(address, stateOf(1));
    front().serve();
    const applied = slot.apply(stateOf(2));
    front().exit("signal SIGTRAP");
    for (let crash = 0; crash < 2; crash++) {
      await clock.advance(clock.waits[0] ?? 0);
      front().say({ kind: "started", runtimeKey: "key" });
      expect(front().received.find(({ kind }) => kind === "state")).toMatchObject({ id: 2 });
      front().exit("signal SIGTRAP");
    }
    expect(await outcomeOf(applied)).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("SIGTRAP") as string,
    });
    await clock.advance(clock.waits[0] ?? 0);
    front().serve();
    expect(slot.status).toMatchObject({ phase: "serving", revision: 1 });
  });

  it("a newer state supersedes one that is being applied; the late answer changes nothing", async () => {
    const { slot, front } = setUp();
    void slot.start(address, null);
    front().serve();
    const [second, third] = [slot.apply(stateOf(2)), slot.apply(stateOf(3))];
    expect(await outcomeOf(second)).toEqual({ kind: "superseded" });
    front().say({ kind: "applied", id: 2, failures: [], damaged: [] });
    expect(await outcomeOf(third)).toBe("pending");
    expect(slot.status.revision).toBeNull();
    front().say({ kind: "applied", id: 3, failures: [], damaged: ["d"] });
    expect(await outcomeOf(third)).toEqual({ kind: "applied", failures: [], damaged: ["d"] });
    expect(slot.status.revision).toBe(3);
  });

  it("says what a front said last when it cannot go on", () => {
    const { slot, front, exits } = setUp();
    void slot.start(address, null);
    front().say({ kind: "started", runtimeKey: "key" });
    front().say({ kind: "failed", message: "cannot listen" });
    front().exit("exit code 1");
    expect(exits).toEqual([{ reason: "cannot listen", final: true }]);
  });

  it("stop() drains, and does not restart what ended", async () => {
    const { slot, fronts, front, clock } = setUp();
    void slot.start(address, null);
    front().serve();
    const stopped = slot.stop({ drainMs: 5_000, killMs: 7_000 });
    expect(front().received.at(-1)).toEqual({ kind: "drain", timeoutMs: 5_000 });
    expect(await outcomeOf(slot.apply(stateOf(9)))).toEqual({ kind: "superseded" });
    front().exit("exit code 0");
    await stopped;
    await clock.advance(60_000);
    expect(fronts).toHaveLength(1);
    expect(slot.status.phase).toBe("stopped");
  });

  it("stop() kills a front that does not end in time, and ends a wait for a restart", async () => {
    const { slot, front, clock, fronts } = setUp();
    void slot.start(address, null);
    front().serve();
    const stopped = slot.stop({ drainMs: 5_000, killMs: 7_000 });
    await clock.advance(7_000);
    expect(front().killed).toBe(true);
    await stopped;
    const waiting = setUp();
    void waiting.slot.start(address, null);
    waiting.front().exit("crash");
    await waiting.slot.stop({ drainMs: 0, killMs: 0 });
    await waiting.clock.advance(60_000);
    expect([fronts.length, waiting.fronts.length]).toEqual([1, 1]);
  });
});
