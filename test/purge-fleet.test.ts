/** Purges and preheats with a real control plane, real nodes and the real tool: nodes that are away, and crashes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntilServed } from "../bench/harness/fleet-setup.ts";
import { sendRequest } from "../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../bench/harness/local-fleet.ts";
import { pathWithNode } from "../bench/harness/project-files.ts";
import { waitFor } from "../bench/harness/wait-for.ts";
import type { PurgeResource } from "../sdk/purge.ts";
import { startOrigin, type Origin } from "./edge-node/support/origin.ts";

const HOST = "purge.test";
const settings = {
  SELVAGE_NODE_DRIVER: "in-process",
  SELVAGE_NODE_FRONTS: "1",
  SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
};
let folder: string;
let origin: Origin;
let fleet: LocalFleet;
let one: FleetNode;
let two: FleetNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-purge-"));
  let count = 0;
  origin = await startOrigin((_request, response) => {
    response.setHeader("cache-control", "max-age=3600");
    response.end(String(++count));
  });
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder, env: { PATH: pathWithNode(PATH), HOME } });
  one = await fleet.startNode({ name: "one", settings });
  two = await fleet.startNode({ name: "two", settings });
  const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
  await fleet.client.setDomain(HOST, { sources: [source] });
  await waitUntilServed(fleet, 2);
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await origin.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}, 180_000);

async function body(node: FleetNode, path = "/"): Promise<string> {
  return (await sendRequest({ url: node.edgeUrl + path, host: HOST })).body.toString();
}

/** The purge once `node` did it. */
function doneBy(node: string, id: string): Promise<PurgeResource> {
  const look = async (): Promise<PurgeResource | null> => {
    const purge = await fleet.client.getPurge(id);
    return purge.nodes.some((each) => each.node === node && each.doneMs !== null) ? purge : null;
  };
  return waitFor(look, { what: `purge ${id} on ${node}`, deadlineMs: 120_000, everyMs: 50 });
}

/** That many nodes have their stream to the control plane. */
async function connected(nodes: number): Promise<void> {
  const look = async (): Promise<true | null> =>
    (await fleet.client.getRevision("current")).nodesConnected === nodes ? true : null;
  await waitFor(look, { what: `${nodes} connected nodes`, deadlineMs: 120_000 });
}

describe("a fleet", { timeout: 180_000 }, () => {
  it("serves nothing old after selvage purge, which says how many nodes did it in what time", async () => {
    const before = [await body(one), await body(two)];
    expect([await body(one), await body(two)]).toEqual(before);
    const { code, stdout } = await fleet.cli(["purge", `https://${HOST}/`, "--wait", "20s"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^purged on 2 of 2 nodes in \d+ ms\n$/)]);
    const after = [await body(one), await body(two)];
    expect(after.filter((text) => before.includes(text))).toEqual([]);
  });

  it("counts a node that is away as not done, until it is back and has purged", async () => {
    await two.kill();
    await connected(1);
    const purge = await fleet.client.purge({ type: "all", domain: HOST, waitSeconds: 20 });
    expect(purge).toMatchObject({ nodesConnected: 1, nodesDone: 1, completeMs: expect.any(Number) });
    expect(purge.nodes).toContainEqual({ node: "two", connected: false, doneMs: null });
    await two.start();
    expect(await doneBy("two", purge.id)).toMatchObject({ nodesConnected: 2, nodesDone: 2 });
  });

  it("loses no purge that was answered, though control plane and node are killed right after", async () => {
    const before = await body(one, "/x");
    const purge = await fleet.client.purge({ type: "url", urls: [`http://${HOST}/x`], waitSeconds: 0 });
    await Promise.all([fleet.killControlPlane(), two.kill()]);
    await fleet.startControlPlane();
    expect((await fleet.client.listPurges())[0]).toMatchObject({ id: purge.id, sequence: purge.sequence });
    await two.start();
    await Promise.all([doneBy("one", purge.id), doneBy("two", purge.id)]);
    expect(await body(one, "/x")).not.toBe(before);
  });

  it("preheats on every node", async () => {
    // A node that had done its purge before the control plane was killed may be on its way back.
    await connected(2);
    const { code, stdout } = await fleet.cli(["preheat", `http://${HOST}/hot`, "--wait", "20s"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/preheated on 2 of 2 nodes in \d+ ms\n$/)]);
    const requests = origin.requests.length;
    await Promise.all([body(one, "/hot"), body(two, "/hot")]);
    expect(origin.requests).toHaveLength(requests);
  });
});
