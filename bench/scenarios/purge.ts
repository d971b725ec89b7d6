/**
 * From the REST call that purges one URL to the last acknowledgement of ten nodes, and whether any node serves the old answer afterwards.
 *
 * The origin gives every answer a new version in its body. All nodes share this machine, so their time is also that of ten nodes on two or
 * four cores; a fleet on machines of its own adds the network's round trip instead.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { waitUntilServed } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import type { Measurement } from "../report/report.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const purge: Scenario = {
  name: "purge",
  summary: "Purge of one URL on ten nodes, from the REST call to the last acknowledgement.",
  run,
};

const HOST = "bench.test";
const NODES = 10;
const ROUNDS_MIN = 20;
const ROUNDS_MAX = 200;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const origin = await VersionedOrigin.start();
  const fleet = await LocalFleet.start({ folder: join(context.folder, "fleet"), env: context.env });
  try {
    const nodes = await startNodes(fleet, context);
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await fleet.client.setDomain(HOST, { sources: [source] });
    await waitUntilServed(fleet, NODES);
    return describe(await measure({ context, fleet, nodes, origin }));
  } finally {
    await fleet.stop();
    origin.stop();
  }
}

async function startNodes(fleet: LocalFleet, context: ScenarioContext): Promise<readonly FleetNode[]> {
  const settings = {
    SELVAGE_NODE_DRIVER: "in-process",
    SELVAGE_NODE_FRONTS: "1",
    SELVAGE_NODE_SPARE_INSTANCES: "0",
    SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
  };
  const nodes: FleetNode[] = [];
  for (let number = 1; number <= NODES; number++) {
    context.note(`starting node ${number} of ${NODES}`);
    nodes.push(await fleet.startNode({ name: `node-${number}`, settings }));
  }
  return nodes;
}

interface Measured {
  readonly callMs: readonly number[];
  /** By the control plane's clock: from the purge's creation to the last acknowledgement. */
  readonly completeMs: readonly number[];
  readonly incomplete: number;
  readonly answers: number;
  /** Answers after a purge that the origin had given before it. */
  readonly old: number;
  /** Answers between purges that did not come from the cache. */
  readonly notCached: number;
}

async function measure(setup: {
  readonly context: ScenarioContext;
  readonly fleet: LocalFleet;
  readonly nodes: readonly FleetNode[];
  readonly origin: VersionedOrigin;
}): Promise<Measured> {
  const { context, fleet, nodes, origin } = setup;
  const callMs: number[] = [];
  const completeMs: number[] = [];
  const counts = { incomplete: 0, answers: 0, old: 0, notCached: 0 };
  const versions = (): Promise<readonly number[]> => Promise.all(nodes.map(servedVersion));
  const end = performance.now() + context.seconds * 1_000;
  for (let round = 1; round <= ROUNDS_MAX && (round <= ROUNDS_MIN || performance.now() < end); round++) {
    const stored = await versions();
    const again = await versions();
    counts.notCached += again.filter((version, index) => version !== stored[index]).length;
    const before = origin.version;
    const startedAt = performance.now();
    const purged = await fleet.client.purge({ type: "url", urls: [`http://${HOST}/`], waitSeconds: 30 });
    callMs.push(performance.now() - startedAt);
    if (purged.completeMs === null || purged.nodesDone !== NODES) counts.incomplete++;
    else completeMs.push(purged.completeMs);
    const after = await versions();
    counts.answers += after.length;
    counts.old += after.filter((version) => version <= before).length;
    if (round % 10 === 0) context.note(`purge ${round}: ${Math.round(callMs.at(-1) ?? 0)} ms`);
  }
  return { callMs, completeMs, ...counts };
}

async function servedVersion(node: FleetNode): Promise<number> {
  const { status, body } = await sendRequest({ url: `${node.edgeUrl}/`, host: HOST });
  if (status !== 200) throw new Error(`Node ${node.name} answered ${status}: ${body.toString()}`);
  return Number(body.toString());
}

function describe({ callMs, completeMs, ...counts }: Measured): ScenarioOutcome {
  const p95 = significant(percentile(callMs, 95), 4);
  return {
    settings: { nodes: NODES, fronts: 1, driver: "in-process", purges: callMs.length },
    results: [
      ...percentiles("REST call to the last acknowledgement", callMs),
      ...(completeMs.length === 0 ? [] : percentiles("created to the last acknowledgement", completeMs)),
      { name: "answers after purges", value: counts.answers, unit: "count" },
      { name: "answers that should have come from the cache and did not", value: counts.notCached, unit: "count" },
    ],
    goals: [
      { name: "purge of one URL on 10 nodes, p95", comparison: "at-most", bound: 500, scale: "ms", value: p95 },
      { name: "old answers after a purge", comparison: "at-most", bound: 0, scale: "", value: counts.old },
      { name: "purges without every node", comparison: "at-most", bound: 0, scale: "", value: counts.incomplete },
    ],
  };
}

function percentiles(name: string, samples: readonly number[]): readonly Measurement[] {
  return [50, 95, 100].map((percent) => {
    const label = percent === 100 ? "maximum" : `p${percent}`;
    return { name: `${name}, ${label}`, value: significant(percentile(samples, percent), 4), unit: "ms" };
  });
}

/** Answers every request with the next number, which may be kept for an hour. */
class VersionedOrigin {
  readonly port: number;
  /** The last one given. */
  version = 0;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("request", (_request, response) => {
      response.writeHead(200, { "cache-control": "max-age=3600" }).end(String(++this.version));
    });
  }

  static async start(): Promise<VersionedOrigin> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot start an origin: no port");
    return new VersionedOrigin(server, address.port);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
