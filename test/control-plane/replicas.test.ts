import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type {
  DomainChange,
  FunctionResource,
  LogPage,
  NodeResource,
  PublishResult,
  RevisionResource,
} from "../../sdk/api.ts";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { InvokeResult } from "../../sdk/desired-state.ts";
import type { Explanation } from "../../sdk/explain.ts";
import type { PreheatResource, PurgeResource } from "../../sdk/purge.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../support/postgres-server.ts";
import { ControlPlaneProcess } from "./control-plane-process.ts";
import { adminToken, answering, TestControlPlane, type CallOptions } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

describe.runIf(findPostgres().kind === "available")("two control planes on one PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  let first: TestControlPlane;
  let second: TestControlPlane;
  let nodeToken: string;
  let nodes: TestNode[];
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
    first = await TestControlPlane.start({ store: url });
    second = await TestControlPlane.start({ store: url, masterKeyFile: join(first.folder, "master.key") });
    nodeToken = await first.nodeToken();
  });
  afterAll(async () => {
    await Promise.all([first.close(), second.close()]);
    await server.stop();
  });
  beforeEach(() => {
    nodes = [];
  });
  afterEach(async () => {
    for (const node of nodes) node.disconnect();
    await settle(0);
  });

  const connect = async (control: TestControlPlane, name: string, options: { purges?: string } = {}) => {
    const node = await TestNode.connect(control, name, { token: nodeToken, ...options });
    nodes.push(node);
    return node;
  };
  /** Both know of this many connected nodes. */
  const settle = (connected: number): Promise<void> =>
    expect
      .poll(async () => {
        const lists = await Promise.all(
          [first, second].map((control) => control.ok<{ nodes: NodeResource[] }>("GET /v1/nodes")),
        );
        return lists.map((list) => list.nodes.filter((node) => node.connected).length);
      })
      .toEqual([connected, connected]);

  it("see each other's changes at once, blobs and tokens included", async () => {
    const published = await first.publish("seen", answering("hi"));
    const list = await second.ok<{ functions: FunctionResource[] }>("GET /v1/functions");
    expect(list.functions.map(({ name, latest }) => [name, latest])).toEqual([["seen", published.version.version]]);
    const token = await first.createToken("publisher");
    await second.ok("GET /v1/functions", { token: token.token });
    const node = await connect(second, "n2");
    const [state] = (await node.nextState()).functions;
    const digest = state?.versions[0]?.digest ?? "";
    expect(await second.ok<string>(`GET /v1/blobs/${digest}`, { token: nodeToken })).toContain('"function":"seen"');
  });

  it("publish what was uploaded to the other", async () => {
    await first.ok("POST /v1/functions", { body: { name: "tree" } });
    const text = answering("tree");

    const digest = digestOf(Buffer.from(text));
    await first.ok("POST /v1/blobs", { body: { blobs: [{ digest, base64: Buffer.from(text).toString("base64") }] } });
    const source = { kind: "tree", entry: "index.ts", files: [{ path: "index.ts", digest }] };
    const body = { source, snapshot: false, waitSeconds: 0 };
    const result = await second.ok<PublishResult>("POST /v1/functions/tree/versions", { body });
    expect(result.version.hooks).toEqual(["fetch"]);
  });

  it("push a revision to the nodes of both, and a publish waits for all of them", async () => {
    const [one, two] = [await connect(first, "n1"), await connect(second, "n2")];
    for (const node of [one, two]) await node.ack((await node.nextState()).revision);
    await settle(2);
    await first.ok("POST /v1/functions", { body: { name: "pushed" } });
    const source = { kind: "inline", code: answering("hi"), language: "ts" };
    const publishing = first.ok<PublishResult>("POST /v1/functions/pushed/versions", {
      body: { source, snapshot: false, waitSeconds: 30 },
    });
    for (const node of [one, two]) await node.ack((await node.nextState()).revision);
    const { rollout } = await publishing;
    expect([rollout.nodesConnected, rollout.nodesServing]).toEqual([2, 2]);
    expect(rollout.acks.map(({ node }) => node)).toEqual(["n1", "n2"]);
  });

  it("number the changes of both one after the other", async () => {
    const before = await first.ok<RevisionResource>("GET /v1/revisions/current");
    const changes = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? first : second).ok<DomainChange>(`PUT /v1/domains/n${String(index)}.example.com`, {
        body: domain,
      }),
    );
    const given = (await Promise.all(changes)).map(({ revision }) => revision).sort((a, b) => a - b);
    expect(given).toEqual(given.map((_, index) => before.revision + index + 1));
  });

  it("let a purge reach the nodes of the other, and wait for them", async () => {
    await first.ok("PUT /v1/domains/a.example.com", { body: domain });
    const node = await connect(second, "n2", { purges: "0." });
    await settle(1);
    await node.nextPurges();
    const purging = first.ok<PurgeResource>("POST /v1/purges", {
      body: { type: "url", urls: ["http://a.example.com/x"], waitSeconds: 30 },
    });
    const { position } = await node.nextPurgesWith("/x");
    await node.post("/v1/nodes/purge-acks", { node: "n2", ...position, applyMs: 1 });
    expect(await purging).toMatchObject({ nodesConnected: 1, nodesDone: 1 });
  });

  it("run a function on a node of the other, wherever the node answers", async () => {
    await first.publish("hello", answering("hi"));
    const node = await connect(second, "n2");
    await settle(1);
    await node.nextState();
    const invoke = async (answerTo: TestControlPlane): Promise<InvokeResult> => {
      const invoking = first.ok<InvokeResult>("POST /v1/functions/hello/invocations", { body: { request } });
      const { id } = await node.nextInvoke();
      const outcome = { kind: "response", status: 200, headers: [], body: "" };
      await answerTo.ok("POST /v1/nodes/invocation-results", {
        token: nodeToken,
        body: { results: [{ id, outcome, durationMs: 1, logs: [] }] },
      });
      return invoking;
    };
    expect((await invoke(second)).outcome).toMatchObject({ kind: "response", status: 200 });
    expect((await invoke(first)).outcome).toMatchObject({ kind: "response", status: 200 });
  });

  it("explain and preheat by the nodes of the other", async () => {
    await first.ok("PUT /v1/domains/b.example.com", { body: domain });
    const node = await connect(second, "n2");
    await settle(1);
    await node.nextState();
    const explaining = first.ok<Explanation>("POST /v1/explain", {
      body: { url: "http://b.example.com/", node: "n2" },
    });
    const asked = await node.next();
    if (asked?.kind !== "explain") throw new Error(`received ${String(asked?.kind)}`);
    const explained = { kind: "explained", revision: 2, domain: "b.example.com", steps: [] };
    await node.post("/v1/nodes/explanations", { id: asked.id, outcome: explained });
    expect(await explaining).toMatchObject({ node: "n2", domain: "b.example.com", domainVersion: 1 });

    const urls = ["http://b.example.com/x"];
    const preheating = first.ok<PreheatResource>("POST /v1/preheats", { body: { urls, waitSeconds: 30 } });
    const { id } = await node.nextPreheat();
    const result = { url: urls[0], status: 200, bytes: 1, cacheStatus: "miss", ms: 1 };
    await node.post("/v1/nodes/preheat-results", { id, node: "n2", results: [result] });
    expect(await preheating).toMatchObject({ nodesDone: 1, nodes: [{ node: "n2", state: "done" }] });
    expect(await second.refusal(`GET /v1/preheats/${id}`)).toMatchObject({
      code: "NOT_FOUND",
      message: `There is no preheat "${id}" here: another control plane was asked for it and shows it.`,
    });
  });

  it("show the log records of both, and follow them", async () => {
    const logs = (control: TestControlPlane, message: string) =>
      control.ok("POST /v1/nodes/logs", { token: nodeToken, body: { records: [{ ...record, message }] } });
    await settle(0);
    await logs(first, "of the first");
    await logs(second, "of the second");
    const page = await first.ok<LogPage>("GET /v1/logs?limit=10");
    expect(page.records.map(({ message }) => message).sort()).toEqual(["of the first", "of the second"]);

    const abort = new AbortController();
    const response = await fetch(`${first.url}/v1/logs?follow=1&limit=0`, {
      headers: { authorization: `Bearer ${adminToken}` },
      signal: abort.signal,
    });
    const read = readLines(response);
    await expect.poll(async () => (await logs(second, "later"), read.text())).toContain("later");
    abort.abort();
  });

  it("end the connections of a revoked token and of a forgotten node, and the older one of two", async () => {
    const token = await first.createToken("node");
    const node = await TestNode.connect(second, "n2", { token: token.token });
    await settle(1);
    await node.nextState();
    await first.ok(`DELETE /v1/tokens/${token.id}`);
    expect(await node.next()).toBeNull();
    await settle(0);

    const older = await connect(second, "n3");
    await older.nextState();
    await settle(1);
    const newer = await connect(first, "n3");
    await newer.nextState();
    expect(await older.next()).toBeNull();
    await settle(1);
    await second.ok("DELETE /v1/nodes/n3");
    expect(await newer.next()).toBeNull();
  });

  it("go on when one says goodbye", async () => {
    await connect(second, "n2");
    await settle(1);
    await second.restart();
    await settle(0);
    const list = await first.ok<{ nodes: NodeResource[] }>("GET /v1/nodes");
    expect(list.nodes.find(({ name }) => name === "n2")?.connected).toBe(false);
  });

  it("start with the same master key only", async () => {
    const folder = await mkdtemp(join(tmpdir(), "selvage-other-key-"));
    const file = join(folder, "master.key");
    await writeFile(file, "0".repeat(64), { mode: 0o600 });
    await expect(TestControlPlane.start({ store: url, masterKeyFile: file })).rejects.toThrow(
      /^Cannot start: the master key is not the one this store was encrypted under: received .*master\.key, allowed: a copy/,
    );
    await rm(folder, { recursive: true });
  });

  it("go on when one is killed: what it acknowledged stays, and nobody waits for its nodes for long", async () => {
    const folder = await mkdtemp(join(tmpdir(), "selvage-killed-"));
    const key = join(folder, "master.key");
    await writeFile(key, await readFile(join(first.folder, "master.key")), { mode: 0o600 });
    const killed = await ControlPlaneProcess.start(folder, { SELVAGE_CONTROL_PLANE_STORE: url });
    const third = new OtherControlPlane(killed.url);
    await third.ok("POST /v1/functions", { body: { name: "kept" } });
    const node = await TestNode.connect(third, "n3", { token: nodeToken });
    await node.nextState();
    await settle(1);
    const invoked = await first.publish("lost", answering("hi"));
    const waiting = first.ok<InvokeResult>("POST /v1/functions/lost/invocations", { body: { request } });
    await killed.kill();
    expect((await waiting).outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    await settle(0);
    const after = await second.ok<RevisionResource>(`GET /v1/revisions/${String(invoked.revision)}?waitSeconds=30`);
    expect([after.nodesConnected, after.nodesServing]).toEqual([0, 0]);
    expect(await first.ok<FunctionResource>("GET /v1/functions/kept")).toMatchObject({ name: "kept" });
    node.disconnect();
    const again = await connect(second, "n3");
    await again.ack((await again.nextState()).revision);
    await rm(folder, { recursive: true });
  });

  it("learn of each other's changes again after the database crashed", async () => {
    const node = await connect(second, "n2");
    await node.nextState();
    await settle(1);
    await server.crash();
    await expect
      .poll(async () => (await first.call("POST /v1/functions", { body: { name: "late" } })).status)
      .toBe(409);
    await settle(1);
    const { revision } = await first.publish("late", answering("hi"));
    let state = await node.nextState();
    while (state.revision < revision) state = await node.nextState();
    expect(state.functions.map(({ name }) => name)).toContain("late");
  });
});

const request = { method: "GET", url: "http://a.example.com/", headers: [], body: null };
const domain = { sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: 9_000 }] };
const record = {
  time: 1,
  node: "n",
  requestId: "r",
  function: "hello",
  version: "v1",
  phase: "fetch",
  kind: "line",
  level: "info",
};

/** Just enough of a TestControlPlane to connect a node to another process. */
class OtherControlPlane {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async ok<T = unknown>(call: `${string} /${string}`, { token = adminToken, body }: CallOptions = {}): Promise<T> {
    const [method = "GET", path = "/"] = call.split(" ");
    const headers = { authorization: `Bearer ${String(token)}`, "content-type": "application/json" };
    const response = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${call} answered ${String(response.status)}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

function readLines(response: Response): { text(): string } {
  let text = "";
  const reading = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk as Uint8Array);
  };
  reading().catch(() => {
    // The connection was ended.
  });
  return { text: () => text };
}
