import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainChange, NodeResource, PublishResult, RevisionResource } from "../../sdk/api.ts";
import type { InvokeResult } from "../../sdk/desired-state.ts";
import { controlLinkLimits } from "../../sdk/limits.ts";
import { openSecrets } from "../../sdk/sealed-secret.ts";
import { answering, passing, TestControlPlane } from "./test-control-plane.ts";
import { registration, TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(() => control.close());

/** Runs with nodes that are gone from the control plane's view afterwards. */
async function withNodes(names: readonly string[], work: (...nodes: TestNode[]) => Promise<void>): Promise<void> {
  const nodes: TestNode[] = [];
  try {
    for (const name of names) nodes.push(await TestNode.connect(control, name));
    await work(...nodes);
  } finally {
    for (const node of nodes) node.disconnect();
    for (const { name } of nodes) await control.call(`DELETE /v1/nodes/${name}`);
  }
}

describe("a node's stream", () => {
  it("starts with the whole state and goes on with every change", async () => {
    await control.publish("streamed", passing("1"), { version: "v1", aliases: ["live"] });
    await withNodes(["n1"], async (node) => {
      const first = await node.nextState();
      expect(first.functions.find(({ name }) => name === "streamed")).toMatchObject({
        latest: "v1",
        aliases: [{ name: "live", version: "v1" }],
      });
      await control.ok("PUT /v1/domains/stream.example.com?waitSeconds=0", { body: {} });
      const second = await node.nextState();
      expect(second.revision).toBe(first.revision + 1);
      expect(second.domains.map(({ config }) => config.domain)).toEqual(["stream.example.com"]);
    });
  });

  it("holds versions that an alias, a rule or latest names, and no others", async () => {
    for (const version of ["v1", "v2", "v3", "v4"]) await control.publish("kept", passing(version), { version });
    await control.ok("PUT /v1/functions/kept/aliases/live", { body: { version: "v1", waitSeconds: 0 } });
    await control.ok("PUT /v1/domains/kept.example.com?waitSeconds=0", { body: {} });
    const rules = [{ phase: "clientRequest", matchType: "all", function: "kept", version: "v3", priority: 1 }];
    await control.ok("PUT /v1/domains/kept.example.com/rules", { body: { rules, waitSeconds: 0 } });
    await withNodes(["n1"], async (node) => {
      const state = await node.nextState();
      const kept = state.functions.find(({ name }) => name === "kept");
      expect(kept?.versions.map(({ version }) => version)).toEqual(["v1", "v3", "v4"]);
    });
  });

  it("seals secrets for the token of each connection, with the version they were published with", async () => {
    await control.ok("POST /v1/functions", { body: { name: "sealed" } });
    const put = (secrets: object) =>
      control.ok("PUT /v1/functions/sealed/environment", { body: { variables: { V: "1" }, secrets } });
    await put({ KEY: "first" });
    await control.publish("sealed", answering("1"), { version: "v1", aliases: ["one"] });
    await put({ KEY: "second" });
    await control.publish("sealed", answering("2"), { version: "v2" });
    await put({ KEY: "third, not published" });
    const token = await control.nodeToken();
    const other = (await control.createToken("node")).token;
    const secretsOf = async (nodeToken: string, name: string): Promise<readonly unknown[]> => {
      const node = await TestNode.connect(control, name, { token: nodeToken });
      const state = await node.nextState();
      node.disconnect();
      expect(JSON.stringify(state)).not.toContain("first");
      const { versions = [] } = state.functions.find((entry) => entry.name === "sealed") ?? {};
      return versions.map(({ sealedSecrets, variables }) => {
        const opened = openSecrets(sealedSecrets ?? "", nodeToken);
        return [opened.ok && { ...opened.value }, openSecrets(sealedSecrets ?? "", token).ok, variables];
      });
    };
    expect(await secretsOf(token, "n1")).toEqual([
      [{ KEY: "first" }, true, { V: "1" }],
      [{ KEY: "second" }, true, { V: "1" }],
    ]);
    expect((await secretsOf(other, "n2")).map((entry) => (entry as unknown[])[1])).toEqual([false, false]);
  });

  it("is only for registered nodes", async () => {
    const token = await control.nodeToken();
    expect(await control.refusal("GET /v1/nodes/stream?node=stranger", { token })).toMatchObject({
      status: 404,
      message: 'There is no node "stranger": register it first.',
    });
    expect((await control.refusal("GET /v1/nodes/stream", { token })).problems).toEqual(["node: is required"]);
  });

  it("ends when its token is revoked", async () => {
    const { id, token } = await control.createToken("node");
    const node = await TestNode.connect(control, "revoked", { token });
    await node.nextState();
    await control.ok(`DELETE /v1/tokens/${id}`);
    expect(await node.next()).toBeNull();
  });

  it("ends when the node is deleted", async () => {
    const node = await TestNode.connect(control, "deleted");
    await node.nextState();
    await control.ok("DELETE /v1/nodes/deleted");
    expect(await node.next()).toBeNull();
    expect((await control.refusal("DELETE /v1/nodes/deleted")).status).toBe(404);
  });

  it("ends when a newer one of the same node opens, which stays", async () => {
    const older = await TestNode.connect(control, "twice");
    await older.nextState();
    const newer = await TestNode.connect(control, "twice");
    await newer.nextState();
    expect(await older.next()).toBeNull();
    const { nodes } = await control.ok<{ nodes: NodeResource[] }>("GET /v1/nodes");
    expect(nodes.find(({ name }) => name === "twice")?.connected).toBe(true);
    newer.disconnect();
  });
});

describe("nodes", () => {
  it("are listed with what they said of themselves, their revision and whether they are connected", async () => {
    await withNodes(["seen"], async (node) => {
      const { revision } = await node.nextState();
      await node.ack(revision);
      const find = async (): Promise<NodeResource | undefined> =>
        (await control.ok<{ nodes: NodeResource[] }>("GET /v1/nodes")).nodes.find(({ name }) => name === "seen");
      expect(await find()).toEqual({
        ...registration("seen"),
        connected: true,
        revision,
        lastSeenAt: expect.any(String),
      });
      node.disconnect();
      await expect.poll(async () => (await find())?.connected).toBe(false);
    });
  });
});

describe("a change", () => {
  it("waits until every connected node serves it", async () => {
    await withNodes(["n1", "n2"], async (...nodes) => {
      for (const node of nodes) await node.nextState();
      const change = control.ok<DomainChange>("PUT /v1/domains/wait.example.com", { body: {} });
      for (const node of nodes) await node.ack((await node.nextState()).revision);
      const { revision, rollout } = await change;
      expect(rollout).toMatchObject({ revision, nodesConnected: 2, nodesServing: 2 });
      expect(rollout.completeMs).toBeGreaterThanOrEqual(0);
      expect(rollout.acks.map(({ node }) => node)).toEqual(["n1", "n2"]);
    });
  });

  it("waits no longer than asked and says who is missing", async () => {
    await withNodes(["n1", "n2"], async (first, second) => {
      const { revision } = await first.nextState();
      await second.nextState();
      await first.ack(revision);
      const described = await control.ok<RevisionResource>(`GET /v1/revisions/current?waitSeconds=0`);
      expect(described).toMatchObject({ revision, nodesConnected: 2, nodesServing: 1, completeMs: null });
      const change = await control.ok<DomainChange>("PUT /v1/domains/missing.example.com?waitSeconds=0", {
        body: {},
      });
      expect(change.rollout).toMatchObject({ nodesConnected: 2, nodesServing: 0, completeMs: null });
    });
  });

  it("counts a node that serves a later revision, and stops waiting for one that goes away", async () => {
    await withNodes(["n1", "n2"], async (first, second) => {
      const { revision } = await first.nextState();
      await second.nextState();
      await control.ok("PUT /v1/domains/later.example.com?waitSeconds=0", { body: {} });
      await first.ack((await first.nextState()).revision);
      const waiting = control.ok<RevisionResource>(`GET /v1/revisions/${String(revision)}?waitSeconds=20`);
      second.disconnect();
      expect(await waiting).toMatchObject({ revision, nodesConnected: 1, nodesServing: 1 });
    });
  });

  it("carries the failures nodes report with it", async () => {
    await withNodes(["n1"], async (node) => {
      await node.nextState();
      const published = control.publish("failing", answering("1"), { version: "v1", waitSeconds: 10 });
      let state = await node.nextState();
      while (!state.functions.some(({ name, latest }) => name === "failing" && latest !== null))
        state = await node.nextState();
      const failure = { function: "failing", version: "v1", code: "FUNCTION_LOAD_FAILED", message: "no" } as const;
      await node.ack(state.revision, [failure]);
      const { rollout }: PublishResult = await published;
      expect(rollout.acks).toEqual([{ node: "n1", revision: state.revision, applyMs: 1, failures: [failure] }]);
    });
  });

  it.each(["0", "999999999", "9".repeat(16), "x", "-1", "1.5"])("numbered %s is unknown", async (number) => {
    const { status } = await control.refusal(`GET /v1/revisions/${number}`);
    expect([400, 404]).toContain(status);
  });

  it("is not acknowledged by strangers or before it was made", async () => {
    const token = await control.nodeToken();
    const ack = { node: "stranger", revision: 1, applyMs: 1, failures: [] };
    expect((await control.refusal("POST /v1/nodes/acks", { token, body: ack })).status).toBe(404);
    await control.ok("POST /v1/nodes", { token, body: registration("early") });
    const early = { ...ack, node: "early", revision: 1_000_000 };
    expect((await control.refusal("POST /v1/nodes/acks", { token, body: early })).status).toBe(404);
    const broken = { ...ack, revision: -1, applyMs: "1", failures: [{}] };
    expect((await control.refusal("POST /v1/nodes/acks", { token, body: broken })).status).toBe(400);
  });
});

describe("an invocation", () => {
  const request = { method: "GET", url: "http://example.com/", headers: [["x-a", "1"]], body: null };
  const response: InvokeResult["outcome"] = { kind: "response", status: 200, headers: [], body: btoa("hi") };

  it("runs on one node after the other and brings back its result", async () => {
    await control.publish("invoked", answering("1"), { version: "v1", aliases: ["live"] });
    await withNodes(["n1", "n2"], async (...nodes) => {
      for (const node of nodes) await node.nextState();
      const arrivals = nodes.map(async (node) => {
        const message = await node.nextInvoke();
        expect(message).toMatchObject({ function: "invoked", qualifier: "live", phase: "fetch", request });
        const result = { id: message.id, outcome: response, durationMs: 1, logs: [] };
        await node.post("/v1/nodes/invocation-results", { results: [result] });
        return message.id;
      });
      const body = { qualifier: "live", request };
      const first = await control.ok<InvokeResult>("POST /v1/functions/invoked/invocations", { body });
      const second = await control.ok<InvokeResult>("POST /v1/functions/invoked/invocations", { body });
      // Each node has answered exactly one of them.
      expect((await Promise.all(arrivals)).sort()).toEqual([first.id, second.id].sort());
      expect(first).toEqual({ id: first.id, outcome: response, durationMs: 1, logs: [] });
    });
  });

  it("fails with a code when its node goes away", async () => {
    await withNodes(["n1"], async (node) => {
      await node.nextState();
      const answer = control.ok<InvokeResult>("POST /v1/functions/invoked/invocations", { body: { request } });
      await node.nextInvoke();
      node.disconnect();
      expect((await answer).outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    });
  });

  it("needs a node", async () => {
    expect(await control.refusal("POST /v1/functions/invoked/invocations", { body: { request } })).toMatchObject({
      status: 503,
      code: "NO_NODE",
    });
  });

  it("is refused for what does not exist, is disabled or is not exported", async () => {
    const path = "POST /v1/functions/invoked/invocations";
    expect((await control.refusal("POST /v1/functions/none/invocations", { body: { request } })).status).toBe(404);
    expect((await control.refusal(path, { body: { qualifier: "v9", request } })).status).toBe(404);
    expect((await control.refusal(path, { body: { phase: "originPull", request } })).problems).toEqual([
      'phase: received "originPull", allowed: fetch',
    ]);
    await control.ok("PATCH /v1/functions/invoked", { body: { enabled: false } });
    expect((await control.refusal(path, { body: { request } })).status).toBe(409);
    await control.ok("PATCH /v1/functions/invoked", { body: { enabled: true } });
  });

  it.each([
    [{ url: "/relative" }, /^request\.url: /],
    [{ url: "file:///etc/passwd" }, /^request\.url: /],
    [{ method: "get" }, /^request\.method: /],
    [{ headers: [["bad name", "x"]] }, /^request\.headers\[0\]: /],
    [{ headers: [["x", "a\r\nb: c"]] }, /^request\.headers\[0\]: /],
    [{ headers: [["x"]] }, /^request\.headers\[0\]: /],
    [{ body: "not base64" }, /^request\.body: .*base64/],
  ])("with %j is refused", async (changes, expected) => {
    const { status, problems } = await control.refusal("POST /v1/functions/invoked/invocations", {
      body: { request: { ...request, ...changes } },
    });
    expect([status, problems.join()]).toEqual([400, expect.stringMatching(expected)]);
  });

  it("result that nobody awaits is taken and dropped", async () => {
    const token = await control.nodeToken();
    const result = { id: "gone", outcome: { kind: "continue" }, durationMs: 1, logs: [] };
    const path = "POST /v1/nodes/invocation-results";
    expect((await control.call(path, { token, body: { results: [result] } })).status).toBe(204);
    const broken = { results: [result, { ...result, outcome: { kind: "other" } }] };
    expect((await control.refusal(path, { token, body: broken })).status).toBe(400);
    const { resultsMax } = controlLinkLimits;
    const many = (count: number): object => ({ results: Array.from({ length: count }, () => result) });
    expect((await control.call(path, { token, body: many(resultsMax) })).status).toBe(204);
    expect((await control.refusal(path, { token, body: many(resultsMax + 1) })).status).toBe(400);
  });
});

describe("logs", () => {
  const record = (message: string, changes: object = {}) => ({
    time: 1,
    node: "n1",
    requestId: "r1",
    function: "logging",
    version: "v1",
    phase: "fetch",
    kind: "line",
    level: "info",
    message,
    ...changes,
  });
  const send = async (records: readonly object[]): Promise<void> => {
    await control.ok("POST /v1/nodes/logs", { token: await control.nodeToken(), body: { records } });
  };

  it("are found by function, request and level, the newest of them oldest first", async () => {
    await send([
      record("one"),
      record("two", { level: "error", kind: "error", code: "FUNCTION_THREW", stack: "at x" }),
      record("three", { requestId: "r2", level: "warn" }),
      record("four", { function: "other" }),
    ]);
    const messages = async (query: string): Promise<string[]> =>
      (await control.ok<{ records: { message: string }[] }>(`GET /v1/logs?${query}`)).records.map(
        ({ message }) => message,
      );
    expect(await messages("function=logging")).toEqual(["one", "two", "three"]);
    expect(await messages("function=logging&level=warn")).toEqual(["two", "three"]);
    expect(await messages("function=logging&requestId=r2")).toEqual(["three"]);
    expect(await messages("function=logging&limit=1")).toEqual(["three"]);
    const { records } = await control.ok<{ records: object[] }>("GET /v1/logs?function=logging&level=error");
    expect(records).toEqual([record("two", { level: "error", kind: "error", code: "FUNCTION_THREW", stack: "at x" })]);
  });

  it("are followed: the newest first, then each as it comes", async () => {
    await send([record("before", { function: "followed" })]);
    const abort = new AbortController();
    const publisher = (await control.createToken("publisher")).token;
    const response = await fetch(`${control.url}/v1/logs?follow=1&function=followed`, {
      headers: { authorization: `Bearer ${publisher}` },
      signal: abort.signal,
    });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async (): Promise<unknown> => JSON.parse((await reader?.read())?.value ?? "null");
    expect(await read()).toMatchObject({ message: "before" });
    await send([record("not this one"), record("after", { function: "followed" })]);
    expect(await read()).toMatchObject({ message: "after" });
    abort.abort();
  });

  it("are refused as a batch when one record is wrong", async () => {
    const token = await control.nodeToken();
    const { status, problems } = await control.refusal("POST /v1/nodes/logs", {
      token,
      body: { records: [record("fine", { function: "batch" }), record("bad", { level: "loud", phase: "x" })] },
    });
    expect([status, problems.length]).toEqual([400, 2]);
    expect(await control.ok("GET /v1/logs?function=batch")).toEqual({ records: [] });
  });

  it.each(["limit=1001", "limit=x", "level=loud", "follow=2", "since=1"])("refuse the query %s", async (query) => {
    expect((await control.refusal(`GET /v1/logs?${query}`)).status).toBe(400);
  });
});

describe("a restart", () => {
  it("keeps everything, its keys and tokens included, and nodes come back to the same state", async () => {
    const before = await TestNode.connect(control, "returning");
    const state = await before.nextState();
    before.disconnect();
    await control.restart();
    const after = await TestNode.connect(control, "returning");
    const { functions: functionsAfter, ...rest } = await after.nextState();
    after.disconnect();
    const { functions, ...restBefore } = state;
    expect(rest).toEqual(restBefore);
    expect(functionsAfter.map(({ name }) => name)).toEqual(functions.map(({ name }) => name));
  });

  it("ends streams in order", async () => {
    const node = await TestNode.connect(control, "stopped");
    await node.nextState();
    await control.restart();
    expect(await node.next()).toBeNull();
  });
});
