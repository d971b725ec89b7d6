/**
 * Aliases under traffic: how exactly the weight of a grey version is kept, and how soon a moved alias is served everywhere.
 *
 * Ten nodes on one machine. First so many requests are counted by the version that answered. Then the alias goes to and fro between two versions while
 * every node is asked all the time: from the REST call until a node answered with the new version and none of its later answers was of the old one.
 * Every answer outside 200 is a failure.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { waitFor } from "../harness/wait-for.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { Measurement } from "../report/report.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const alias: Scenario = {
  name: "alias",
  summary:
    "A grey version's share over 100,000 requests; how soon ten nodes serve a moved alias, and what fails meanwhile.",
  run,
};

const HOST = "bench.test";
const FUNCTION = "versioned";
const ALIAS = "prod";
const VERSIONS = ["v1", "v2"] as const;
const NODES = 10;
/** Percent. */
const WEIGHTS = [1, 25] as const;
const WEIGHED = 100_000;
const CONNECTIONS = 4;
const MOVES = 40;
/** Between two requests of one client while aliases move, and after a move before the next. */
const PAUSE_MS = 5;
const QUIET_MS = 200;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    const nodes = await startNodes(fleet, context);
    for (const version of VERSIONS) {
      const code = `export default { fetch: () => new Response("${version}", { headers: { "cache-control": "no-store" } }) };`;
      await publishInline(fleet, { name: FUNCTION, code, version, ...(version === "v1" ? { aliases: [ALIAS] } : {}) });
    }
    const rule = { phase: "fetch", matchType: "all", function: FUNCTION, alias: ALIAS, priority: 1 } as const;
    await setDomain(fleet, { domain: HOST, rules: [rule] });
    const shares: Share[] = [];
    for (const weight of WEIGHTS) shares.push(await measureShare({ fleet, nodes, weight, context }));
    return describe(shares, await measureMoves({ fleet, nodes, context }));
  } finally {
    await fleet.stop();
  }
}

async function startNodes(fleet: LocalFleet, context: ScenarioContext): Promise<readonly FleetNode[]> {
  const settings = {
    SELVAGE_NODE_DRIVER: "in-process",
    SELVAGE_NODE_FRONTS: "1",
    SELVAGE_NODE_SPARE_INSTANCES: "0",
  };
  const nodes: FleetNode[] = [];
  for (let number = 1; number <= NODES; number++) {
    context.note(`starting node ${number} of ${NODES}`);
    nodes.push(await fleet.startNode({ name: `node-${number}`, settings }));
  }
  return nodes;
}

interface Setup {
  readonly fleet: LocalFleet;
  readonly nodes: readonly FleetNode[];
  readonly context: ScenarioContext;
}

interface Share {
  readonly weight: number;
  /** Percent of the answers that were of the grey version. */
  readonly measured: number;
  readonly failures: number;
}

async function measureShare({ fleet, nodes, weight, context }: Setup & { readonly weight: number }): Promise<Share> {
  const grey = { version: "v2", by: "weight", weight, sticky: null } as const;
  await fleet.client.setAlias(FUNCTION, { alias: ALIAS, version: "v1", grey, waitSeconds: 30 });
  const counts = { v1: 0, v2: 0, failures: 0 };
  let sent = 0;
  const work = async (pool: Pool): Promise<void> => {
    while (sent < WEIGHED) {
      sent++;
      counts[await ask(pool)]++;
    }
  };
  await withPools(nodes, (pools) =>
    Promise.all(pools.flatMap((pool) => Array.from({ length: CONNECTIONS }, () => work(pool)))),
  );
  const measured = (counts.v2 / (counts.v1 + counts.v2)) * 100;
  context.note(`weight ${weight} %: ${measured.toFixed(2)} % of ${sent} requests`);
  return { weight, measured, failures: counts.failures };
}

interface Moves {
  /** One of every node and move. */
  readonly servedMs: readonly number[];
  /** One of every move: its last node. */
  readonly everywhereMs: readonly number[];
  readonly requests: number;
  readonly failures: number;
  /** Answers of the version before after one of the new version by the same node. */
  readonly backwards: number;
}

async function measureMoves({ fleet, nodes, context }: Setup): Promise<Moves> {
  await fleet.client.setAlias(FUNCTION, { alias: ALIAS, version: "v1", waitSeconds: 30 });
  let wanted: (typeof VERSIONS)[number] = "v1";
  const ending = new AbortController();
  const counts = { requests: 0, failures: 0, backwards: 0 };
  /** When each node first answered with the wanted version. */
  const firstAt = new Map<string, number>();
  const watch = async (pool: Pool, node: FleetNode): Promise<void> => {
    while (!ending.signal.aborted) {
      const version = wanted;
      const answer = await ask(pool);
      counts.requests++;
      if (answer === "failures") counts.failures++;
      // An answer that was under way when the alias was moved says nothing.
      else if (version === wanted && answer === wanted && !firstAt.has(node.name))
        firstAt.set(node.name, performance.now());
      else if (version === wanted && answer !== wanted && firstAt.has(node.name)) counts.backwards++;
      await sleep(PAUSE_MS);
    }
  };
  const servedMs: number[] = [];
  const everywhereMs: number[] = [];
  await withPools(nodes, async (pools) => {
    const watching = pools.map((pool, index) => watch(pool, nodes[index] as FleetNode));
    try {
      for (let move = 1; move <= MOVES; move++) {
        await sleep(QUIET_MS);
        const startedAt = performance.now();
        firstAt.clear();
        wanted = wanted === "v1" ? "v2" : "v1";
        await fleet.client.setAlias(FUNCTION, { alias: ALIAS, version: wanted, waitSeconds: 0 });
        const isEverywhere = (): true | null => (firstAt.size === NODES ? true : null);
        await waitFor(async () => isEverywhere(), {
          what: `move ${move} on every node`,
          deadlineMs: 30_000,
          everyMs: 2,
        });
        const took = [...firstAt.values()].map((at) => at - startedAt);
        servedMs.push(...took);
        everywhereMs.push(Math.max(...took));
        if (move % 10 === 0) context.note(`move ${move}: on every node after ${Math.round(Math.max(...took))} ms`);
      }
    } finally {
      ending.abort();
      await Promise.all(watching);
    }
  });
  return { servedMs, everywhereMs, ...counts };
}

async function withPools(
  nodes: readonly FleetNode[],
  work: (pools: readonly Pool[]) => Promise<unknown>,
): Promise<void> {
  const pools = nodes.map(({ edgeUrl }) => new Pool(edgeUrl, { connections: CONNECTIONS, pipelining: 1 }));
  try {
    await work(pools);
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
}

async function ask(pool: Pool): Promise<"v1" | "v2" | "failures"> {
  try {
    const { statusCode, body } = await pool.request({ path: "/", method: "GET", headers: { host: HOST } });
    const text = await body.text();
    return statusCode === 200 && (text === "v1" || text === "v2") ? text : "failures";
  } catch {
    return "failures";
  }
}

function describe(shares: readonly Share[], moves: Moves): ScenarioOutcome {
  const off = Math.max(...shares.map(({ weight, measured }) => Math.abs(weight - measured)));
  const failures = moves.failures + shares.reduce((sum, share) => sum + share.failures, 0);
  const p95 = significant(percentile(moves.everywhereMs, 95), 4);
  return {
    settings: { nodes: NODES, driver: "in-process", requestsForEachWeight: WEIGHED, moves: MOVES },
    results: [
      ...shares.map(({ weight, measured }) => ({
        name: `share at ${weight} %`,
        value: significant(measured, 4),
        unit: "%",
      })),
      ...times("move, one node", moves.servedMs),
      ...times("move, all nodes", moves.everywhereMs),
      { name: "requests while aliases moved", value: moves.requests, unit: "count" },
    ],
    goals: [
      {
        name: "alias, share off its weight",
        comparison: "at-most",
        bound: 1,
        scale: "percentage points",
        value: significant(off, 3),
      },
      { name: "alias moved, on all of 10 nodes, p95", comparison: "at-most", bound: 1_000, scale: "ms", value: p95 },
      { name: "alias, failed requests", comparison: "at-most", bound: 0, scale: "", value: failures },
      { name: "alias, old answers after new ones", comparison: "at-most", bound: 0, scale: "", value: moves.backwards },
    ],
  };
}

function times(name: string, samples: readonly number[]): readonly Measurement[] {
  return [50, 95].map((percent) => ({
    name: `${name}, p${percent}`,
    value: significant(percentile(samples, percent), 4),
    unit: "ms",
  }));
}
