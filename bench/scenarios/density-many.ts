/**
 * Many different functions on one node: so many warm at once, and many more than a node holds, of which it evicts the least recently used.
 *
 * The node is started when everything is published. Invariants: a request that is not answered by the function it asked for is a failure;
 * a request counts as cold only if the node's own counter confirms a start for each.
 */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { nodeLimits } from "../../sdk/limits.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { functionAt, publishMany } from "../harness/many-functions.ts";
import { readMetric } from "../harness/node-metrics.ts";
import { memoryMiBOfTree } from "../harness/process-memory.ts";
import { waitFor } from "../harness/wait-for.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { JudgedGoal, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const WARM_FUNCTIONS = 1_000;
/** What the goals of eviction are for. Publishing takes a builder process for each function, too long for every run: `--functions 10000` asks for it. */
export const PUBLISHED_FUNCTIONS = 10_000;
/** Of the published ones, each asked for once: 2,000 fill the node, each further one evicts another. */
const COLD_REQUESTS = 3_000;
/** Between two cold requests, so that the pool has its spare instances again. */
const PAUSE_MS = 25;
const SETTLE_MS = 5_000;
const SERVED_MS_MAX = 300_000;
const settings = { SELVAGE_NODE_DRIVER: "process", SELVAGE_NODE_FRONTS: "1" } as const;

type Outcome = Pick<ScenarioOutcome, "results" | "goals">;

/** `published`: how many functions are published, of which the first `WARM_FUNCTIONS` are the warm ones. */
export async function measureMany(context: ScenarioContext, published: number): Promise<Outcome> {
  const fleet = await LocalFleet.start({ folder: `${context.folder}/many`, env: context.env });
  try {
    const warmCount = Math.min(WARM_FUNCTIONS, published);
    const note = (text: string): void => context.note(text);
    const firstMs = await publishMany(fleet, { from: 0, to: warmCount, note });
    const warm = await measureWarm(fleet, { count: warmCount, note });
    const results = [
      ...warm.results,
      { name: "publish, each of the first", value: significant(firstMs, 3), unit: "ms" },
    ];
    if (published <= warmCount) return { results, goals: [...warm.goals, ...coldGoals(null, published)] };
    const restMs = await publishMany(fleet, { from: warmCount, to: published, note });
    const cold = await measureCold(fleet, { published, note });
    return {
      results: [
        ...results,
        { name: "publish, each of the rest", value: significant(restMs, 3), unit: "ms" },
        ...cold.results,
      ],
      goals: [...warm.goals, ...cold.goals],
    };
  } finally {
    await fleet.stop();
  }
}

interface Asked {
  readonly failures: number;
  readonly milliseconds: readonly number[];
}

/** One request to each of the given functions, one after the other. */
async function askEach(
  node: FleetNode,
  {
    numbers,
    pauseMs,
    note,
  }: { readonly numbers: readonly number[]; readonly pauseMs: number; readonly note: (text: string) => void },
): Promise<Asked> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const milliseconds = new Array<number>();
  let failures = 0;
  try {
    for (const number of numbers) {
      const { host, path, answer } = functionAt(number);
      const got = await sendRequest({ url: `${node.edgeUrl}${path}`, host, agent });
      milliseconds.push(got.totalMs);
      const text = got.body.toString();
      if (text !== answer && ++failures === 1) note(`${host}${path}: received ${got.status}, ${text.slice(0, 200)}`);
      if (pauseMs > 0) await delay(pauseMs);
    }
  } finally {
    agent.destroy();
  }
  return { failures, milliseconds };
}

async function measureWarm(
  fleet: LocalFleet,
  { count, note }: { readonly count: number; readonly note: (text: string) => void },
): Promise<Outcome> {
  const node = await fleet.startNode({ name: "warm", settings: { ...settings, SELVAGE_NODE_WARM_INSTANCES: "0" } });
  await serves(fleet, node);
  const numbers = Array.from({ length: count }, (_, number) => number);
  await delay(SETTLE_MS);
  const before = await memoryMiBOfTree(node.pid);
  const first = await askEach(node, { numbers, pauseMs: 0, note });
  await delay(SETTLE_MS);
  const instances = await readMetric(node, "selvage_function_instances");
  const perInstance = significant(((await memoryMiBOfTree(node.pid)) - before) / Math.max(1, instances), 3);
  note(`${instances} instances of different functions: ${perInstance} MiB each`);
  const starts = await readMetric(node, "selvage_function_cold_starts");
  const again = await askEach(node, { numbers, pauseMs: 0, note });
  const restarted = (await readMetric(node, "selvage_function_cold_starts")) - starts;
  await node.stop();
  const name = "density, different functions";
  return {
    results: [
      { name: "different functions, instances", value: instances, unit: "count" },
      { name: "different functions, memory per instance", value: perInstance, unit: "MiB" },
      {
        name: "different functions, warm request, p50",
        value: significant(percentile(again.milliseconds, 50), 3),
        unit: "ms",
      },
      {
        name: "different functions, warm request, p99",
        value: significant(percentile(again.milliseconds, 99), 3),
        unit: "ms",
      },
    ],
    goals: [
      {
        name: `${name} warm at once`,
        comparison: "at-least",
        bound: WARM_FUNCTIONS,
        scale: "",
        value: instances - restarted,
      },
      {
        name: `${name}, failed requests`,
        comparison: "at-most",
        bound: 0,
        scale: "",
        value: first.failures + again.failures,
      },
    ],
  };
}

async function measureCold(
  fleet: LocalFleet,
  { published, note }: { readonly published: number; readonly note: (text: string) => void },
): Promise<Outcome> {
  const startMs = performance.now();
  const node = await fleet.startNode({ name: "evicts", settings: { ...settings, SELVAGE_NODE_WARM_INSTANCES: "0" } });
  await serves(fleet, node);
  const servesAfter = {
    name: `${published} functions, node serves after`,
    value: Math.round(performance.now() - startMs),
    unit: "ms",
  };
  const step = Math.max(1, Math.floor(published / COLD_REQUESTS));
  const numbers = Array.from({ length: Math.min(COLD_REQUESTS, published - 1) }, (_, index) => index * step);
  note(`${published} functions on one node: ${numbers.length} of them are asked for, each once`);
  // The first use of the pipeline is not what is measured: the last function is asked for beforehand.
  await askEach(node, { numbers: [published - 1], pauseMs: 0, note });
  const before = await readMetric(node, "selvage_function_cold_starts");
  const asked = await askEach(node, { numbers, pauseMs: PAUSE_MS, note });
  const starts = (await readMetric(node, "selvage_function_cold_starts")) - before;
  const instances = await readMetric(node, "selvage_function_instances");
  const memory = await memoryMiBOfTree(node.pid);
  if (starts !== numbers.length)
    throw new Error(`${numbers.length} requests made ${starts} cold starts: they do not count`);
  return {
    results: [
      servesAfter,
      { name: "cold starts", value: starts, unit: "count" },
      { name: "instances afterwards", value: instances, unit: "count" },
      { name: "evicted", value: starts + 1 - instances, unit: "count" },
      { name: "memory afterwards", value: Math.round(memory), unit: "MiB" },
      ...[50, 99].map((percent) => ({
        name: `cold request, p${percent}`,
        value: significant(percentile(asked.milliseconds, percent), 4),
        unit: "ms",
      })),
    ],
    goals: coldGoals(asked, published),
  };
}

/** What was measured with fewer functions, or without evicting, is no value for the goal. */
function coldGoals(asked: Asked | null, published: number): readonly JudgedGoal[] {
  const name = `density, ${PUBLISHED_FUNCTIONS} functions published`;
  const evicts =
    asked !== null && published >= PUBLISHED_FUNCTIONS && asked.milliseconds.length > nodeLimits.instancesPerHostMax;
  const of = <T>(value: (asked: Asked) => T): T | undefined => (evicts ? value(asked) : undefined);
  return [
    {
      name: `${name}, cold request p99`,
      comparison: "at-most",
      bound: 25,
      scale: "ms",
      value: of(({ milliseconds }) => significant(percentile(milliseconds, 99), 4)),
    },
    {
      name: `${name}, failed requests`,
      comparison: "at-most",
      bound: 0,
      scale: "",
      value: of(({ failures }) => failures),
    },
  ];
}

async function serves(fleet: LocalFleet, node: FleetNode): Promise<void> {
  const { revision } = await fleet.client.getRevision("current", 1);
  await waitFor(async () => ((await readMetric(node, "selvage_node_revision")) >= revision ? true : null), {
    what: `revision ${revision} on ${node.name}`,
    deadlineMs: SERVED_MS_MAX,
    everyMs: 250,
  });
}
