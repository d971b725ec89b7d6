import { ReservedKeeper } from "../../../edge-node/reserved/reserved-keeper.ts";
import { describe, expect, it } from "vitest";
import { BlobFolder } from "../../../edge-node/artifacts/blob-folder.ts";
import { StackMaps } from "../../../edge-node/artifacts/stack-maps.ts";
import { StateApplier } from "../../../edge-node/front-process/apply-state.ts";
import { FrontProcess, type ServingFront } from "../../../edge-node/front-process/front-process.ts";
import type { FromFront, FrontLogRecord, FrontState } from "../../../edge-node/ipc.ts";
import type { PreheatResult } from "../../../sdk/purge.ts";
import type { CacheNews } from "../../../edge-node/cache/cache-news.ts";
import type { Purge } from "../../../edge-node/cache/purge-table.ts";
import type { VersionTally } from "../../../sdk/statistics.ts";
import type { ExplainMessage, ExplainReport } from "../../../sdk/explain.ts";
import type { InvokeMessage, InvokeResult } from "../../../sdk/desired-state.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { FakeDriver } from "../support/fake-driver.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer } from "../support/signed-release.ts";

const signer = new Signer();
const stateOf = (revision: number): FrontState => ({
  state: signer.state(revision, []),
  versions: [],
  certificates: [],
  failures: [],
});
const invocation: InvokeMessage = {
  kind: "invoke",
  id: "i-1",
  function: "hello",
  qualifier: "latest",
  phase: "fetch",
  request: { method: "GET", url: "http://a.test/", headers: [], body: null },
};
const record: FrontLogRecord = {
  time: 1,
  requestId: "r",
  function: "hello",
  version: "v1",
  phase: "fetch",
  kind: "line",
  level: "info",
  message: "m",
};

class ScriptedServing implements ServingFront {
  requestsInFlight = 0;
  readonly calls: string[] = [];
  readonly tallies: VersionTally[] = [];
  listenFails = false;
  invokeFails = false;
  drainEnds: Promise<void> = Promise.resolve();

  listen({ port }: { readonly host: string; readonly port: number }): Promise<number> {
    this.calls.push(`listen ${port}`);
    return this.listenFails ? Promise.reject(new Error("taken")) : Promise.resolve(port);
  }
  takeTallies(): readonly VersionTally[] {
    return this.tallies.splice(0);
  }
  listenTls({ port }: { readonly host: string; readonly port: number }): Promise<number> {
    this.calls.push(`listen for TLS ${port}`);
    return Promise.resolve(port);
  }
  invoke({ id }: InvokeMessage): Promise<InvokeResult> {
    if (this.invokeFails) return Promise.reject(new Error("broken"));
    return Promise.resolve({ id, outcome: { kind: "continue" }, durationMs: 1, logs: [] });
  }
  addPurges(purges: readonly Purge[]): void {
    this.calls.push(`purge ${purges.length}`);
  }
  replacePurges(purges: readonly Purge[]): void {
    this.calls.push(`purge table ${purges.length}`);
  }
  setTicketKey(key: string): void {
    this.calls.push(`ticket key ${key}`);
  }
  takeNews(news: CacheNews): void {
    this.calls.push(`news of ${news.invalidated.length}`);
  }
  preheat(urls: readonly string[]): Promise<readonly PreheatResult[]> {
    return Promise.resolve(urls.map((url) => ({ url, status: 200, bytes: 1, cacheStatus: "", ms: 1 })));
  }
  explain({ id }: ExplainMessage): Promise<ExplainReport> {
    if (this.invokeFails) return Promise.reject(new Error("broken"));
    return Promise.resolve({ id, outcome: { kind: "explained", revision: 1, domain: null, steps: [] } });
  }
  metrics(): Promise<readonly object[]> {
    return Promise.resolve([{ name: "a" }]);
  }
  async drain(timeoutMs: number): Promise<void> {
    this.calls.push(`drain ${timeoutMs}`);
    await this.drainEnds;
  }
  close(): Promise<void> {
    this.calls.push("close");
    return Promise.resolve();
  }
}

function setUp(options: { readonly setRouting?: () => void } = {}): {
  process: FrontProcess;
  front: ScriptedServing;
  driver: FakeDriver;
  clock: FakeClock;
  sent: FromFront[];
  exits: number[];
} {
  const front = new ScriptedServing();
  const driver = new FakeDriver();
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const sent: FromFront[] = [];
  const exits: number[] = [];
  const blobs = new BlobFolder("/nowhere", { clock });
  const reserved = new ReservedKeeper({ driver, front: { index: 0, fronts: 1 }, memoryMiB: 0, clock, logger });
  const applier = new StateApplier({
    driver,
    blobs,
    warmInstances: 1,
    snapshots: "on",
    runtimeKey: "key",
    stackMaps: new StackMaps(blobs),
    setCertificates: () => {},
    setReserved: (versions) => reserved.set(versions),
    setRouting: options.setRouting ?? (() => {}),
    requestsInFlight: () => front.requestsInFlight,
    clock,
    logger,
  });
  const frontProcess = new FrontProcess({
    front,
    driver,
    containment: () => null,
    applier,
    reserved,
    idleCollection: {
      start: () => front.calls.push("idle collection"),
      metrics: () => [{ name: "collections", help: "", type: "counter", aggregator: "sum", values: [] }],
    },
    send: (message) => {
      sent.push(message);
      return Promise.resolve();
    },
    rssBytes: () => 123,
    exit: (code) => exits.push(code),
    clock,
    logger,
  });
  return { process: frontProcess, front, driver, clock, sent, exits };
}

describe("FrontProcess", () => {
  it("answers to states in their order, to pings, metrics and invocations", async () => {
    const { process, front, sent } = setUp();
    front.requestsInFlight = 4;
    process.handle({ kind: "state", id: 1, state: stateOf(1) });
    process.handle({ kind: "state", id: 2, state: stateOf(2) });
    process.handle({ kind: "ping", id: 7 });
    process.handle({ kind: "metrics", id: 8 });
    process.handle({ kind: "invoke", message: invocation });
    await settle();
    const applied = sent.filter(({ kind }) => kind === "applied");
    expect(applied).toEqual([1, 2].map((id) => ({ kind: "applied", id, failures: [], damaged: [] })));
    expect(sent).toContainEqual({
      kind: "pong",
      id: 7,
      requestsInFlight: 4,
      rssBytes: 123,
      logsDropped: 0,
      quarantined: [],
    });
    expect(sent.find(({ kind }) => kind === "metrics")).toMatchObject({
      id: 8,
      metrics: [{ name: "a" }, { name: "collections" }],
      versions: [],
    });
    expect(sent.find(({ kind }) => kind === "invoked")).toMatchObject({ result: { id: "i-1" } });
  });

  it("collects in idle times once it has started", () => {
    const { process, front } = setUp();
    expect(front.calls).toEqual([]);
    process.start();
    expect(front.calls).toEqual(["idle collection"]);
  });

  it("has purged before it confirms, and before a state that came later is applied", async () => {
    const { process, front, sent } = setUp();
    const purge: Purge = { sequence: 1, target: { kind: "all", domain: null }, mode: "hard", at: 1 };
    process.handle({ kind: "purgeTable", purges: [purge, purge] });
    process.handle({ kind: "purge", id: 3, purges: [purge] });
    process.handle({ kind: "listen", host: "", port: 1 });
    process.handle({ kind: "preheat", message: { kind: "preheat", id: "p", urls: ["http://a.test/"] } });
    await settle();
    expect(front.calls).toEqual(["purge table 2", "purge 1", "listen 1"]);
    expect(sent[0]).toEqual({ kind: "purged", id: 3 });
    const results = [{ url: "http://a.test/", status: 200, bytes: 1, cacheStatus: "", ms: 1 }];
    expect(sent).toContainEqual({ kind: "preheated", id: "p", results });
  });

  it("refuses a state that cannot be routed, and takes the next", async () => {
    let fails = true;
    const { process, sent } = setUp({
      setRouting: () => {
        if (fails) throw new Error("no way");
      },
    });
    process.handle({ kind: "state", id: 1, state: stateOf(1) });
    await settle();
    fails = false;
    process.handle({ kind: "state", id: 2, state: stateOf(2) });
    await settle();
    expect(sent).toMatchObject([
      { kind: "refused", id: 1, message: "no way" },
      { kind: "applied", id: 2 },
    ]);
  });

  it("listens for TLS when it has an address for that", async () => {
    const { process, front, sent } = setUp();
    process.handle({ kind: "listen", host: "127.0.0.1", port: 80, tls: { host: "127.0.0.1", port: 443 } });
    await settle();
    expect(front.calls).toEqual(["listen 80", "listen for TLS 443"]);
    expect(sent).toEqual([{ kind: "listening", port: 80 }]);
  });

  it("says that it cannot listen, and ends", async () => {
    const { process, front, sent, exits } = setUp();
    front.listenFails = true;
    process.handle({ kind: "listen", host: "127.0.0.1", port: 80 });
    await settle();
    expect(sent).toMatchObject([{ kind: "failed", message: "cannot listen: taken" }]);
    expect(exits).toEqual([1]);
  });

  it("answers an invocation that broke with NODE_INTERNAL and no detail", async () => {
    const { process, front, sent } = setUp();
    front.invokeFails = true;
    process.handle({ kind: "invoke", message: invocation });
    await settle();
    expect(sent).toMatchObject([
      { kind: "invoked", result: { id: "i-1", outcome: { kind: "failed", code: "NODE_INTERNAL" } } },
    ]);
    expect(JSON.stringify(sent)).not.toContain("broken");
  });

  it("sends log records together, and what is left before it ends", async () => {
    const { process, clock, sent, exits } = setUp();
    process.log(record);
    process.log(record);
    await clock.advance(50);
    expect(sent).toEqual([{ kind: "logs", records: [record, record] }]);
    process.log(record);
    process.handle({ kind: "drain", timeoutMs: 1_000 });
    await settle();
    expect(sent.slice(1)).toEqual([{ kind: "logs", records: [record] }]);
    expect(exits).toEqual([0]);
  });

  it("drains once, closes front before driver, and ends with 0", async () => {
    const { process, front, driver, exits } = setUp();
    process.handle({ kind: "drain", timeoutMs: 1_000 });
    process.handle({ kind: "drain", timeoutMs: 9_000 });
    await settle();
    expect(front.calls).toEqual(["drain 1000", "close"]);
    expect(driver.closed).toBe(true);
    expect(exits).toEqual([0]);
  });

  it("ends with 0 although the drain never does", async () => {
    const { process, front, clock, exits } = setUp();
    front.drainEnds = new Promise(() => {});
    process.handle({ kind: "drain", timeoutMs: 1_000 });
    await clock.advance(2_999);
    expect(exits).toEqual([]);
    await clock.advance(1);
    expect(exits).toEqual([0]);
  });
});
