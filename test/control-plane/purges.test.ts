import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { PreheatResource, PurgePosition, PurgeResource, PurgesMessage } from "../../sdk/purge.ts";
import { TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
let nodeToken: string;
const connected: TestNode[] = [];
beforeAll(async () => {
  control = await TestControlPlane.start();
  nodeToken = await control.nodeToken();
  for (const domain of ["www.example.com", "*.example.org"]) {
    await control.ok(`PUT /v1/domains/${domain}?waitSeconds=0`, { body: {} });
  }
});
afterEach(async () => {
  for (const node of connected.splice(0)) {
    node.disconnect();
    await control.ok(`DELETE /v1/nodes/${node.name}`);
  }
});
afterAll(() => control.close());

/** A node that took every purge up to `position`; by default it never took one. */
async function connect(name: string, position = "0."): Promise<TestNode> {
  const node = await TestNode.connect(control, name, { purges: position });
  connected.push(node);
  return node;
}

const purge = (body: object): Promise<PurgeResource> =>
  control.ok<PurgeResource>("POST /v1/purges", { body: { waitSeconds: 0, ...body } });
const missed = (position: string): Promise<PurgesMessage> =>
  control.ok<PurgesMessage>(`GET /v1/nodes/purges?position=${position}`, { token: nodeToken });
const ack = (node: TestNode, { sequence, id }: PurgePosition): Promise<unknown> =>
  node.post("/v1/nodes/purge-acks", { node: node.name, sequence, id, applyMs: 2 });

describe("a purge", () => {
  it("is answered once every connected node did it, with the time each took", async () => {
    const nodes = [await connect("n1"), await connect("n2")];
    const running = control.ok<PurgeResource>("POST /v1/purges", {
      body: {
        type: "url",
        mode: "soft",
        urls: ["https://www.example.com/a?b", "http://x.y.example.org/"],
        waitSeconds: 20,
      },
    });
    for (const node of nodes) await ack(node, (await node.nextPurgesWith("/a?b")).position);
    const done = await running;
    expect(done).toMatchObject({
      type: "url",
      mode: "soft",
      targets: [
        { kind: "url", domain: "www.example.com", url: "/a?b" },
        { kind: "url", domain: "*.example.org", url: "/" },
      ],
      nodesConnected: 2,
      nodesDone: 2,
      completeMs: expect.any(Number),
    });
    expect(done.nodes.map(({ node, connected: isConnected }) => [node, isConnected])).toEqual([
      ["n1", true],
      ["n2", true],
    ]);
    expect(await control.ok(`GET /v1/purges/${done.id}`)).toEqual(done);
    const { purges } = await control.ok<{ purges: PurgeResource[] }>("GET /v1/purges");
    expect(purges[0]).toEqual(done);
  });

  it("shows nodes that are away or have not answered as not done", async () => {
    const [here, away] = [await connect("here"), await connect("away")];
    away.disconnect();
    await expect.poll(async () => (await purge({ type: "all" })).nodesConnected).toBe(1);
    const { id, completeMs, nodesDone, nodes } = await purge({ type: "all" });
    expect([completeMs, nodesDone]).toEqual([null, 0]);
    expect(nodes).toEqual([
      { node: "away", connected: false, doneMs: null },
      { node: "here", connected: true, doneMs: null },
    ]);
    const later = await purge({ type: "tag", tags: ["a"] });
    await ack(here, later);
    // Whoever did a later one did this one before it.
    expect(await control.ok(`GET /v1/purges/${id}`)).toMatchObject({ nodesDone: 1, completeMs: expect.any(Number) });
  });

  it("survives a restart of the control plane, with its acknowledgements", async () => {
    const node = await connect("n1");
    const { id, sequence } = await purge({ type: "directory", urls: ["http://www.example.com/img/"] });
    await ack(node, { id, sequence });
    await control.restart();
    const found = await control.ok<PurgeResource>(`GET /v1/purges/${id}`);
    expect(found).toMatchObject({ sequence, nodes: [{ node: "n1", doneMs: expect.any(Number) }] });
    expect((await purge({ type: "all" })).sequence).toBe(sequence + 1);
  });

  it.each<[string, object, readonly string[]]>([
    [
      "hosts that are not configured and URLs of other kinds, all together",
      { type: "url", urls: ["http://none.example.com/", "gopher://www.example.com/", "http://example.org/"] },
      [
        'urls[0]: received "http://none.example.com/", but no domain serves "none.example.com"',
        'urls[1]: received "gopher://www.example.com/", allowed: an absolute http or https URL of a configured domain, without user name and password',
        'urls[2]: received "http://example.org/", but no domain serves "example.org"',
      ],
    ],
    [
      "a domain that is not configured",
      { type: "all", domain: "none.example.com" },
      ['domain: received "none.example.com", allowed: a configured domain, or none for all domains'],
    ],
    ["a body that is a list", [], ["body: received [], allowed: an object"]],
  ])("is refused with %s", async (_claim, body, problems) => {
    const refusal = await control.refusal("POST /v1/purges", { body });
    expect(refusal).toMatchObject({ status: 400, code: "INPUT_INVALID", problems });
  });

  it("is nothing that a node may ask for, nor a publisher acknowledge", async () => {
    expect((await control.refusal("POST /v1/purges", { token: nodeToken, body: { type: "all" } })).status).toBe(403);
    const body = { node: "n1", sequence: 1, id: "x", applyMs: 1 };
    expect((await control.refusal("POST /v1/nodes/purge-acks", { body })).status).toBe(403);
    expect((await control.refusal("GET /v1/purges/none")).status).toBe(404);
  });
});

describe("an acknowledgement", () => {
  it("is refused for nodes and purges that are not known, and for the purge of another history", async () => {
    const node = await connect("n1");
    const { id, sequence } = await purge({ type: "all" });
    const refused = async (body: object): Promise<string> => {
      const whole = { node: node.name, sequence, id, applyMs: 1, ...body };
      return (await control.refusal("POST /v1/nodes/purge-acks", { token: nodeToken, body: whole })).code;
    };
    expect(await refused({ node: "none" })).toBe("NOT_FOUND");
    expect(await refused({ sequence: sequence + 1 })).toBe("NOT_FOUND");
    expect(await refused({ id: "another" })).toBe("CONFLICT");
    expect(await refused({ sequence: -1 })).toBe("INPUT_INVALID");
  });
});

describe("acknowledgements that come together", () => {
  it("are each recorded or refused on their own", async () => {
    const nodes = [await connect("n1"), await connect("n2"), await connect("n3")];
    const { id, sequence } = await purge({ type: "all" });
    const posted = await Promise.allSettled(
      nodes.map((node, index) => ack(node, { sequence, id: index === 1 ? "another" : id })),
    );
    expect(posted.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { nodes: shown } = await control.ok<PurgeResource>(`GET /v1/purges/${id}`);
    expect(shown.map(({ doneMs }) => doneMs !== null)).toEqual([true, false, true]);
  });
});

describe("what a node missed", () => {
  it("is everything after its position, in order", async () => {
    const { id, sequence } = await purge({ type: "all" });
    expect(await missed(`${sequence}.${id}`)).toMatchObject({ since: sequence, everything: false, purges: [] });
    await purge({ type: "tag", tags: ["a"], domain: "www.example.com" });
    const last = await purge({ type: "tag", tags: ["b"], mode: "soft" });
    expect(await missed(`${sequence}.${id}`)).toEqual({
      kind: "purges",
      since: sequence,
      position: { sequence: last.sequence, id: last.id },
      everything: false,
      purges: [
        { sequence: sequence + 1, mode: "hard", targets: [{ kind: "tag", domain: "www.example.com", tag: "a" }] },
        { sequence: sequence + 2, mode: "soft", targets: [{ kind: "tag", domain: null, tag: "b" }] },
      ],
    });
  });

  it.each([
    ["a position of another history", (sequence: number) => `${sequence}.another`],
    ["a position of the future", (sequence: number) => `${sequence + 5}.x`],
    ["a node without an id that says it took some", (sequence: number) => `${sequence}.`],
  ])("is everything for %s", async (_claim, position) => {
    const { id, sequence } = await purge({ type: "all" });
    expect(await missed(position(sequence))).toMatchObject({
      position: { sequence, id },
      everything: true,
      purges: [],
    });
  });

  it("is refused when the position is none", async () => {
    const refusal = await control.refusal("GET /v1/nodes/purges?position=x", { token: nodeToken });
    expect([refusal.status, refusal.code]).toEqual([400, "INPUT_INVALID"]);
  });
});

describe("a preheat", () => {
  const result = { url: "http://www.example.com/a", status: 200, bytes: 3, cacheStatus: "x", ms: 1 };

  it("asks every connected node and is answered once all have reported", async () => {
    const nodes = [await connect("n1"), await connect("n2")];
    const running = control.ok<PreheatResource>("POST /v1/preheats", { body: { urls: [result.url], waitSeconds: 20 } });
    for (const node of nodes) {
      const { id, urls } = await node.nextPreheat();
      expect(urls).toEqual([result.url]);
      await node.post("/v1/nodes/preheat-results", { id, node: node.name, results: [result] });
    }
    const done = await running;
    expect(done).toMatchObject({ nodesDone: 2, completeMs: expect.any(Number) });
    expect(done.nodes).toEqual(["n1", "n2"].map((node) => ({ node, state: "done", results: [result] })));
    expect(await control.ok(`GET /v1/preheats/${done.id}`)).toEqual(done);
    expect(await control.ok("GET /v1/preheats")).toMatchObject({ preheats: [done] });
  });

  it("counts a node that goes away as lost", async () => {
    const node = await connect("n1");
    const running = control.ok<PreheatResource>("POST /v1/preheats", { body: { urls: [result.url], waitSeconds: 20 } });
    await node.nextPreheat();
    node.disconnect();
    expect(await running).toMatchObject({ nodesDone: 0, nodes: [{ node: "n1", state: "lost", results: [] }] });
  });

  it("is refused without a node, and with hosts that are not configured", async () => {
    expect((await control.refusal("POST /v1/preheats", { body: { urls: [result.url] } })).code).toBe("NO_NODE");
    const refusal = await control.refusal("POST /v1/preheats", { body: { urls: ["http://none.example.com/"] } });
    expect(refusal.problems).toEqual([
      'urls[0]: received "http://none.example.com/", but no domain serves "none.example.com"',
    ]);
  });
});
