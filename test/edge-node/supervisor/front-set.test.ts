import { describe, expect, it } from "vitest";
import { FrontSet } from "../../../edge-node/supervisor/front-set.ts";
import type { FrontStatistics } from "../../../sdk/statistics.ts";
import type { FrontEvents, FrontHandle } from "../../../edge-node/supervisor/front-handle.ts";
import { frontSettings } from "../../../edge-node/supervisor/front-settings.ts";
import type { NodeConfig } from "../../../edge-node/config.ts";
import type { Purge } from "../../../edge-node/cache/purge-table.ts";
import type { FromFront, FrontApplied, FrontLogRecord, FrontState, ToFront } from "../../../edge-node/ipc.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import type { InvokeMessage } from "../../../sdk/desired-state.ts";
import { failureOf } from "../support/failure-of.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { Signer } from "../support/signed-release.ts";

const config: NodeConfig = {
  name: "node-1",
  control: "http://127.0.0.1:1",
  token: "the-token",
  data: "/nowhere",
  host: "127.0.0.1",
  port: 8080,
  tlsHost: null,
  tlsPort: null,
  adminHost: "127.0.0.1",
  adminPort: 8081,
  fronts: 2,
  driver: "process",
  hosts: 1,
  hostMemoryMiB: 1_024,
  reservedMemoryMiB: 4_096,
  warmInstances: 1,
  sandbox: "off",
  spareInstances: 2,
  snapshots: "on",
  cacheMiB: 3,
  diskCacheMiB: 64,
  diskCacheFolder: "/cache",
  diskCacheMinUses: 2,
  egressAllowNetworks: [],
  originAllowNetworks: ["10.0.0.0/8"],
  trustedProxyNetworks: ["192.0.2.0/24"],
  connectionsMax: 100,
  connectionsPerAddressMax: 10,
  logLevel: "silent",
  accessLog: { kind: "off" },
  drainMs: 1_000,
};
const address = { host: "127.0.0.1", port: 8080 };
const signer = new Signer();
const stateOf = (revision: number): FrontState => ({
  state: signer.state(revision, []),
  versions: [],
  certificates: [],
  failures: [],
});
const invocation = (id: string): InvokeMessage => ({
  kind: "invoke",
  id,
  function: "hello",
  qualifier: "latest",
  phase: "fetch",
  request: { method: "GET", url: "http://a.test/", headers: [], body: null },
});

/** A front that answers everything at once, unless told otherwise. */
class ObedientFront implements FrontHandle {
  readonly pid = 1;
  readonly events: FrontEvents;
  readonly received: ToFront[] = [];
  readonly #index: number;
  readonly #behaviour: Behaviour;

  constructor(index: number, options: { events: FrontEvents; behaviour: Behaviour }) {
    this.#index = index;
    this.events = options.events;
    this.#behaviour = options.behaviour;
    queueMicrotask(() => {
      if (this.#behaviour.crashesAtStart) return this.events.onExit("exit code 9");
      this.events.onMessage({ kind: "started", runtimeKey: "key" });
    });
  }

  send(message: ToFront): void {
    this.received.push(message);
    const onMessage = (reply: FromFront): void => this.events.onMessage(reply);
    const { applied, cannotListen, isMute, purgesNever } = this.#behaviour;
    if (isMute) return;
    if (message.kind === "state") onMessage({ kind: "applied", id: message.id, ...applied(this.#index) });
    if (message.kind === "listen" && cannotListen) {
      onMessage({ kind: "failed", message: "no such address" });
      this.events.onExit("exit code 1");
    } else if (message.kind === "listen") onMessage({ kind: "listening", port: message.port });
    if (message.kind === "metrics") onMessage({ kind: "metrics", id: message.id, metrics: [], versions: [] });
    if (message.kind === "invoke") {
      const result = {
        id: message.message.id,
        outcome: { kind: "continue" },
        durationMs: this.#index,
        logs: [],
      } as const;
      onMessage({ kind: "invoked", result });
    }
    if (message.kind === "purge" && !purgesNever) onMessage({ kind: "purged", id: message.id });
    if (message.kind === "preheat") {
      const result = { url: "http://a.test/", status: 200, bytes: 1, cacheStatus: `front ${this.#index}` };
      onMessage({ kind: "preheated", id: message.message.id, results: [{ ...result, ms: this.#index }] });
    }
    if (message.kind === "drain") this.events.onExit("exit code 0");
  }

  kill(): void {
    this.events.onExit("signal SIGKILL");
  }
}

interface Behaviour {
  applied: (index: number) => FrontApplied;
  cannotListen: boolean;
  crashesAtStart: boolean;
  isMute: boolean;
  purgesNever: boolean;
}

function setUp(): {
  set: FrontSet;
  fronts: ObedientFront[];
  behaviour: Behaviour;
  clock: FakeClock;
  logs: FrontLogRecord[];
  reports: FrontStatistics[];
} {
  const clock = new FakeClock();
  const fronts: ObedientFront[] = [];
  const logs: FrontLogRecord[] = [];
  const reports: FrontStatistics[] = [];
  const nothing = { failures: [], damaged: [] };
  const behaviour: Behaviour = {
    applied: () => nothing,
    cannotListen: false,
    crashesAtStart: false,
    isMute: false,
    purgesNever: false,
  };
  const set = new FrontSet({
    settings: frontSettings(config),
    spawn: ({ index }, events) => {
      const front = new ObedientFront(index, { events, behaviour });
      fronts.push(front);
      return front;
    },
    onLogs: (records) => logs.push(...records),
    onStatistics: (report) => reports.push(report),
    purges: () => [],
    clock,
    random: () => 0,
    logger: silentLogger,
  });
  return { set, fronts, behaviour, clock, logs, reports };
}

describe("frontSettings()", () => {
  it("shares the cache out among the fronts and holds no token", () => {
    const settings = frontSettings(config);
    expect(settings.map(({ index, cacheBytesMax }) => [index, cacheBytesMax])).toEqual([
      [0, 1_572_864],
      [1, 1_572_864],
    ]);
    expect(JSON.stringify(settings)).not.toContain("the-token");
  });

  it("gives all fronts the same disk, and an object an eighth of it", () => {
    const diskCache = { folder: "/cache", bytesMax: 67_108_864, objectBytesMax: 8_388_608, minUses: 2 };
    expect(frontSettings(config).map((settings) => settings.diskCache)).toEqual([diskCache, diskCache]);
    expect(frontSettings({ ...config, diskCacheMiB: 0 })[0]?.diskCache).toBeNull();
    expect(frontSettings({ ...config, diskCacheMiB: 1_048_576 })[0]?.diskCache?.objectBytesMax).toBe(4_294_967_296);
  });
});

const purge: Purge = { sequence: 1, target: { kind: "all", domain: null }, mode: "hard", at: 1 };

describe("FrontSet and session tickets", () => {
  const keysOf = ({ received }: ObedientFront): readonly string[] =>
    received.flatMap((message) => (message.kind === "ticketKey" ? [message.key] : []));

  it("all fronts have one key before they listen", async () => {
    const { set, fronts } = setUp();
    await set.start({ ...address, tls: address }, null);
    const [first] = fronts.map(keysOf);
    expect(Buffer.from(first?.[0] ?? "", "base64")).toHaveLength(48);
    expect(fronts.map(keysOf)).toEqual([first, first]);
    const kinds = fronts[0]?.received.map(({ kind }) => kind) ?? [];
    expect(kinds.indexOf("ticketKey")).toBeLessThan(kinds.indexOf("listen"));
    await set.stop(0);
  });

  it("fronts without TLS have none", async () => {
    const { set, fronts } = setUp();
    await set.start(address, null);
    expect(fronts.map(keysOf)).toEqual([[], []]);
  });
});

it("what one front tells of its cache goes to the others", async () => {
  const { set, fronts } = setUp();
  await set.start(address, null);
  const news = { used: "", written: "", invalidated: [{ key: "k", at: 1 }] };
  fronts[0]?.events.onMessage({ kind: "cacheNews", news });
  const told = fronts.map(({ received }) => received.filter(({ kind }) => kind === "cacheNews"));
  expect(told).toEqual([[], [{ kind: "cacheNews", news }]]);
});

describe("FrontSet and purges", () => {
  const isOver = async (promise: Promise<void>): Promise<boolean> => {
    let over = false;
    void promise.then(() => (over = true));
    await settle();
    return over;
  };

  it("a purge is done when every front has confirmed it", async () => {
    const { set, fronts } = setUp();
    await set.start(address, null);
    await set.purge([purge]);
    const told = fronts.map(({ received }) => received.filter(({ kind }) => kind === "purge").length);
    expect(told).toEqual([1, 1]);
  });

  it("a purge is done where no front runs yet", async () => {
    const { set, fronts } = setUp();
    await set.purge([purge]);
    expect(fronts).toEqual([]);
  });

  it("a front that does not confirm is ended, and the purge is done when it is", async () => {
    const { set, behaviour, clock } = setUp();
    await set.start(address, null);
    behaviour.purgesNever = true;
    const purging = set.purge([purge]);
    await clock.advance(9_999);
    expect([await isOver(purging), set.statuses.map(({ restarts }) => restarts)]).toEqual([false, [0, 0]]);
    await clock.advance(1);
    expect([await isOver(purging), set.statuses.map(({ restarts }) => restarts)]).toEqual([true, [1, 1]]);
  });

  it("a purge is done when a front ended before it confirmed", async () => {
    const { set, behaviour, fronts } = setUp();
    await set.start(address, null);
    behaviour.purgesNever = true;
    const purging = set.purge([purge]);
    for (const front of fronts) front.kill();
    expect(await isOver(purging)).toBe(true);
  });

  it("every front preheats, and the worst result of each URL counts", async () => {
    const { set } = setUp();
    await set.start(address, null);
    const urls = ["http://a.test/", "http://never.test/"];
    expect(await set.preheat({ kind: "preheat", id: "p", urls })).toEqual([
      { url: "http://a.test/", status: 200, bytes: 1, cacheStatus: "front 1", ms: 1 },
      { url: "http://never.test/", status: 0, bytes: 0, cacheStatus: "", ms: 0 },
    ]);
  });
});

describe("FrontSet", () => {
  it("starts all fronts with one state on one address", async () => {
    const { set, fronts } = setUp();
    expect(await set.start(address, stateOf(1))).toEqual({ kind: "applied", failures: [], damaged: [] });
    expect(fronts).toHaveLength(2);
    expect(set.statuses.map(({ phase, revision }) => [phase, revision])).toEqual([
      ["serving", 1],
      ["serving", 1],
    ]);
    expect(set.runtimeKey).toBe("key");
  });

  it("fails the start when a front cannot listen", async () => {
    const { set, behaviour } = setUp();
    behaviour.cannotListen = true;
    await expect(set.start(address, null)).rejects.toThrow("no such address");
  });

  it("fails the start when a front ends three times before it served", async () => {
    const { set, behaviour, clock } = setUp();
    behaviour.crashesAtStart = true;
    const failure = failureOf(set.start(address, null));
    await clock.advance(1_000);
    expect(await failure).toContain("exit code 9");
  });

  it("merges what the fronts report, each version's failure and each damaged blob once", async () => {
    const { set, behaviour } = setUp();
    await set.start(address, null);
    const failure = { function: "f", version: "v", code: "FUNCTION_LOAD_FAILED", message: "m" } as const;
    behaviour.applied = (index) => ({ failures: [failure], damaged: index === 0 ? ["a"] : ["a", "b"] });
    expect(await set.apply(stateOf(2))).toEqual({ kind: "applied", failures: [failure], damaged: ["a", "b"] });
  });

  it("counts a state as applied only when a front that was restarted meanwhile serves it too", async () => {
    const { set, fronts, behaviour, clock } = setUp();
    await set.start(address, null);
    behaviour.isMute = true;
    const applied = set.apply(stateOf(2));
    behaviour.isMute = false;
    fronts[0]?.events.onExit("signal SIGSEGV");
    fronts[1]?.events.onMessage({ kind: "applied", id: 1, failures: [], damaged: [] });
    await settle();
    expect(await Promise.race([applied, Promise.resolve("pending")])).toBe("pending");
    await clock.advance(50);
    expect(await applied).toMatchObject({ kind: "applied" });
    expect(set.statuses.map(({ revision }) => revision)).toEqual([2, 2]);
  });

  it("replaces a front that does not apply a state within two minutes", async () => {
    const { set, fronts, behaviour, clock } = setUp();
    await set.start(address, null);
    behaviour.isMute = true;
    const applied = set.apply(stateOf(2));
    for (let second = 0; second < 120; second++) {
      if (second === 119) behaviour.isMute = false;
      for (const front of fronts.slice(0, 2)) {
        front.events.onMessage({
          kind: "pong",
          id: second,
          requestsInFlight: 0,
          rssBytes: 0,
          logsDropped: 0,
          quarantined: [],
        });
      }
      await clock.advance(1_000);
    }
    await clock.advance(100);
    expect(await applied).toMatchObject({ kind: "applied" });
    expect(fronts).toHaveLength(4);
  });

  it("spreads invocations over the fronts, and tells when the one that had it ended", async () => {
    const { set, fronts, behaviour } = setUp();
    await set.start(address, null);
    const results = [await set.invoke(invocation("a")), await set.invoke(invocation("b"))];
    expect(results.map(({ durationMs }) => durationMs)).toEqual([0, 1]);
    behaviour.isMute = true;
    const lost = set.invoke(invocation("c"));
    fronts[0]?.events.onExit("crash");
    expect(await lost).toMatchObject({ id: "c", outcome: { kind: "failed", code: "HOST_LOST" } });
    behaviour.isMute = false;
    expect(await set.invoke(invocation("d"))).toMatchObject({ durationMs: 1 });
    fronts[1]?.events.onExit("crash");
    expect(await set.invoke(invocation("e"))).toMatchObject({ outcome: { kind: "failed", code: "NODE_OVERLOADED" } });
  });

  it("metrics() leaves out a front that does not answer in time", async () => {
    const { set, fronts, behaviour, clock } = setUp();
    await set.start(address, null);
    expect(await set.metrics()).toHaveLength(2);
    behaviour.isMute = true;
    const asked = set.metrics();
    const request = fronts[1]?.received.at(-1);
    if (request?.kind !== "metrics") throw new Error("the front was not asked");
    fronts[1]?.events.onMessage({ kind: "metrics", id: request.id, metrics: [], versions: [] });
    await clock.advance(2_000);
    expect(await asked).toHaveLength(1);
  });

  it("stop() ends all fronts", async () => {
    const { set } = setUp();
    await set.start(address, null);
    await set.stop(1_000);
    expect(set.statuses.map(({ phase }) => phase)).toEqual(["stopped", "stopped"]);
    expect(await set.apply(stateOf(2))).toMatchObject({ kind: "refused" });
  });
});
