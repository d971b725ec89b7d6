/**
 * Resident memory per additional warm instance of the hello function; many different functions are in density-many.ts.
 *
 * The function serves one request per instance here and holds requests that ask for it, so that as many held requests as wanted
 * instances make the node start them. Memory is the resident set (RSS) of all processes of the node. Invariant: the node's own
 * gauge confirms the number of instances; a request that fails is an error.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "node:http";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { readMetric } from "../harness/node-metrics.ts";
import { memoryMiBOfTree } from "../harness/process-memory.ts";
import { waitFor } from "../harness/wait-for.ts";
import { measureMany, WARM_FUNCTIONS } from "./density-many.ts";
import { significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const density: Scenario = {
  name: "density",
  summary:
    "Memory per additional warm instance; 1,000 different functions warm; with --functions 10000 a node that evicts.",
  run,
};

const HOST = "bench.test";
const INSTANCES = 200;
/** Long enough that all requests of one wave are held at once, also while 200 instances start on two cores. */
const HOLD_MS = 8_000;
/** Lets the garbage of starting go before memory is read. */
const SETTLE_MS = 5_000;
const INSTANCES_GAUGE = "selvage_function_instances";

const source = `export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.searchParams.has("hold")) await new Promise((resolve) => setTimeout(resolve, ${HOLD_MS}));
    return new Response("Hello from the edge: " + url.pathname, { headers: { "x-hello": "edge" } });
  },
};
`;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const equal = await measureEqual(context);
  const many = await measureMany(context, context.functions ?? WARM_FUNCTIONS);
  return {
    settings: equal.settings,
    results: [...equal.results, ...many.results],
    goals: [...equal.goals, ...many.goals],
  };
}

/** Instances of one function. */
async function measureEqual(context: ScenarioContext): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    const node = await fleet.startNode({
      name: "node",
      settings: { SELVAGE_NODE_DRIVER: "process", SELVAGE_NODE_FRONTS: "1" },
    });
    // While 200 isolates start at once on few cores, the account of a preempted instance runs ahead of its real CPU time.
    const limits = { concurrency: 1, instancesMax: INSTANCES, fetchWallMs: 60_000, cpuMs: 10_000 };
    const { version } = await publishInline(fleet, { name: "hello", code: source, limits });
    const rule = { phase: "fetch", matchType: "all", function: "hello", version, priority: 1 } as const;
    await setDomain(fleet, { domain: HOST, rules: [rule] });

    await holdAtOnce(node, 1);
    const before = await settledMemory(node);
    context.note(`${before.instances} instances: ${before.memoryMiB.toFixed(1)} MiB; starting ${INSTANCES}`);
    await holdAtOnce(node, INSTANCES);
    const after = await settledMemory(node);
    context.note(`${after.instances} instances: ${after.memoryMiB.toFixed(1)} MiB`);
    const added = after.instances - before.instances;
    const perInstance = significant((after.memoryMiB - before.memoryMiB) / added, 3);
    return {
      settings: { driver: "process", frontsPerNode: 1, settleMs: SETTLE_MS, measure: "RSS of the node's processes" },
      results: [
        { name: "instances before", value: before.instances, unit: "count" },
        { name: "memory before", value: significant(before.memoryMiB, 4), unit: "MiB" },
        { name: "instances after", value: after.instances, unit: "count" },
        { name: "memory after", value: significant(after.memoryMiB, 4), unit: "MiB" },
        { name: "memory per additional instance", value: perInstance, unit: "MiB" },
      ],
      goals: [
        { name: "density, instances", comparison: "at-least", bound: INSTANCES, scale: "", value: after.instances },
        {
          name: "density, memory per warm instance",
          comparison: "at-most",
          bound: 2.5,
          scale: "MiB",
          value: perInstance,
        },
      ],
    };
  } finally {
    await fleet.stop();
  }
}

/** Has `count` requests held at the same time; each occupies an instance of its own. */
async function holdAtOnce(node: FleetNode, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: false, maxSockets: count });
  try {
    const url = `${node.edgeUrl}/hello?hold`;
    const answers = await Promise.all(Array.from({ length: count }, () => sendRequest({ url, host: HOST, agent })));
    const refused = answers.filter(({ status }) => status !== 200);
    if (refused.length > 0) {
      throw new Error(`${refused.length} of ${count} requests failed: ${refused[0]?.body.toString().slice(0, 200)}`);
    }
  } finally {
    agent.destroy();
  }
}

interface Occupancy {
  readonly instances: number;
  readonly memoryMiB: number;
}

async function settledMemory(node: FleetNode): Promise<Occupancy> {
  await delay(SETTLE_MS);
  const instances = await waitFor(
    async () => {
      const value = await readMetric(node, INSTANCES_GAUGE);
      return value > 0 ? value : null;
    },
    { what: `${INSTANCES_GAUGE} above zero`, deadlineMs: 20_000, everyMs: 250 },
  );
  return { instances, memoryMiB: await memoryMiBOfTree(node.pid) };
}
