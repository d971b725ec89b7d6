/** Two control planes on one PostgreSQL and one NATS, as several replicas are run: asynchronous calls are of all of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../bench/harness/wait-for.ts";
import { silentLogger } from "../../control-plane/logger.ts";
import type { CallPage, CallResource } from "../../sdk/calls.ts";
import { SelvageClient } from "../../sdk/client.ts";
import { findNats, startNats, type NatsServer } from "../../bench/harness/nats-server.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../support/postgres-server.ts";
import { result } from "./call-steps.ts";
import { ControlPlaneProcess } from "./control-plane-process.ts";
import { adminToken, TestControlPlane } from "./test-control-plane.ts";
import { TestNode, type NodeHome } from "./test-node.ts";

const hasServers = findPostgres().kind === "available" && findNats().kind === "available";
const patience = { deadlineMs: 60_000, everyMs: 50 };
const CALLS = 40;

describe.runIf(hasServers)("two control planes on one PostgreSQL and one NATS", () => {
  let postgres: PostgresServer;
  let nats: NatsServer;
  let store: string;
  let folder: string;
  let first: TestControlPlane;
  let nodeToken: string;
  beforeAll(async () => {
    [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
    store = await postgres.createDatabase();
    folder = await mkdtemp(join(tmpdir(), "selvage-shared-calls-"));
    first = await TestControlPlane.start({ store, callQueue: nats.url });
    nodeToken = await first.nodeToken();
    await first.publish("f", "exports.handler = async (event) => event;", { event: {}, version: "v1" });
  }, 180_000);
  afterAll(async () => {
    await first.close();
    await Promise.all([postgres.stop(), nats.stop(), rm(folder, { recursive: true, force: true })]);
  }, 60_000);

  /** Another one, as a process of its own. */
  const startOther = (): Promise<ControlPlaneProcess> =>
    ControlPlaneProcess.start(folder, {
      SELVAGE_CONTROL_PLANE_STORE: store,
      SELVAGE_CONTROL_PLANE_CALL_QUEUE: nats.url,
      SELVAGE_CONTROL_PLANE_CALL_QUEUE_MAX_MIB: "16",
      SELVAGE_CONTROL_PLANE_MASTER_KEY_FILE: join(first.folder, "master.key"),
    });

  it("lose no call and run none twice at once when one is killed, and repeat only under the same request id", async () => {
    const other = await startOther();
    const client = new SelvageClient({ url: other.url, token: adminToken });
    const home: NodeHome = { url: other.url, ok: (request, options) => okAt(other.url, request, options) };
    const far = await TestNode.connect(home, "far", { token: nodeToken });
    const accepted = await Promise.all(
      Array.from({ length: CALLS }, (_, n) => client.calls.accept("f", { event: { n } })),
    );
    const ids = accepted.map(({ requestId }) => requestId);
    const atFar = await handed(far, CALLS);
    expect([...atFar].toSorted()).toEqual(ids.toSorted());
    // One is answered by way of the other control plane, as behind one address.
    const [answered = ""] = ids;
    await first.ok("POST /v1/nodes/call-results", {
      token: nodeToken,
      body: { node: "far", results: [result(answered)] },
    });
    await stateOf(first, answered, "finish");
    const near = await TestNode.connect(first, "near", { token: nodeToken });
    const { calls } = await first.ok<CallPage>("GET /v1/calls?state=running&limit=1000");
    expect(calls).toHaveLength(CALLS - 1);
    await other.kill();
    far.disconnect();
    const atNear = await handed(near, CALLS - 1);
    expect([...atNear].toSorted()).toEqual(ids.filter((id) => id !== answered).toSorted());
    const results = [...atNear].map((id) => result(id));
    await near.post("/v1/nodes/call-results", { node: "near", results });
    for (const id of ids) expect(await stateOf(first, id, "finish")).toMatchObject({ attempts: 1 });
    near.disconnect();
  }, 120_000);

  it("say so when they share the store alone", async () => {
    const said: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, event: string) => said.push(event) };
    const own = { store, masterKeyFile: join(first.folder, "master.key") };
    const lone = await TestControlPlane.start({ ...own, logger: { ...logger, child: () => logger } });
    expect(said).toContain("call_queue_not_shared");
    await lone.close();
  }, 60_000);
});

/** The ids of this many calls that a node is handed. */
async function handed(node: TestNode, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await node.nextCalls()).map(({ id }) => id));
  return ids;
}

function stateOf(control: TestControlPlane, id: string, state: CallResource["state"]): Promise<CallResource> {
  const look = async (): Promise<CallResource | null> => {
    const call = await control.ok<CallResource>(`GET /v1/calls/${id}`);
    return call.state === state ? call : null;
  };
  return waitFor(look, { what: `call ${id} to be in state ${state}`, ...patience });
}

const okAt = async <T>(
  url: string,
  request: string,
  { token = adminToken, body }: { readonly token?: string | null; readonly body?: unknown } = {},
): Promise<T> => {
  const [method = "GET", path = "/"] = request.split(" ");
  const headers = { authorization: `Bearer ${token ?? ""}`, "content-type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${request} answered ${String(answer.status)}`);
  return (await answer.json().catch(() => null)) as T;
};
