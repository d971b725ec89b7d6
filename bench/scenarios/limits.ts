/**
 * How exactly the limits of functions hold: CPU time and wall time beyond a limit before the function is stopped and its client answered, and
 * memory beyond the limit at the peak.
 *
 * One request at a time, on a node in its default shape. CPU time is what the kernel gave to all isolate hosts between the request and its
 * answer; the client's time is wall time, which on a busy machine is longer than the CPU time that the limit is about.
 */
import type { RuleInput } from "../../sdk/api.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { cpuMsOf, pidsOfTree, watchPeakMemory } from "../harness/process-memory.ts";
import { median, percentile, significant } from "../report/statistics.ts";
import type { Measurement } from "../report/report.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const limits: Scenario = {
  name: "limits",
  summary: "CPU, wall time and memory beyond a function's limits, and how soon its client is answered.",
  run,
};

const HOST = "bench.test";
const CPU_MS = 50;
const WALL_MS = 300;
const MEMORY_MIB = 32;
/** Requests that make an instance's entries count as quick. */
const QUICK_REQUESTS = 200;
const MEMORY_ROUNDS = 3;
/** Of the node: in its process tree right after the supervisor. */
const FRONTS = 1;

/** Every way to run on: in JavaScript, in one built-in, across awaits, across timers. */
const runaways = {
  loop: "for (;;);",
  regexp: `/^(a+)+$/.test("a".repeat(40) + "b");`,
  sort: "for (;;) Array.from({ length: 50000 }, (_, n) => (n * 7919) % 50021).sort();",
  awaits: "for (;;) await null;",
  timers:
    "for (;;) { const end = Date.now() + 5; while (Date.now() < end); await new Promise((r) => setTimeout(r, 0)); if (n++ > 1e4) break; }",
  "quick before": "for (;;);",
} as const;

const bombs = {
  objects: "const kept = []; for (;;) kept.push({ n: kept.length, text: 'x' + kept.length });",
  buffers: "const kept = []; for (;;) kept.push(new Uint8Array(1048576).fill(1));",
  strings:
    "let text = 'x'; const kept = []; for (;;) { kept.push((text + kept.length).repeat(65536).split('').length); }",
} as const;

const waits = {
  "no answer": "await new Promise((resolve) => setTimeout(resolve, 60000));",
  "no body": "return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));",
} as const;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    const node = await fleet.startNode({ name: "node", settings: {} });
    await publishAll(fleet);
    const rounds = Math.max(5, context.seconds);
    const cpu = await measureCpu(node, { rounds, context });
    const wall = await measureWall(node, rounds);
    const memory = await measureMemory(node);
    const all = [...cpu.values()].flat();
    const overshoot = (percent: number): number =>
      percentile(
        all.map(({ cpuMs }) => cpuMs - CPU_MS),
        percent,
      );
    const late = (percent: number): number =>
      percentile(
        all.map(({ answeredMs }) => answeredMs - CPU_MS),
        percent,
      );
    const waited = [...wall.values()].flat();
    return {
      settings: { rounds, cpuMs: CPU_MS, wallMs: WALL_MS, memoryMiB: MEMORY_MIB },
      results: [
        ...[...cpu].map(([name, runs]) =>
          measured(`CPU time beyond the limit, ${name}, median`, median(runs.map(({ cpuMs }) => cpuMs - CPU_MS)), "ms"),
        ),
        measured("CPU time beyond the limit, all, median", overshoot(50), "ms"),
        measured("answered after the CPU limit, all, median", late(50), "ms"),
        ...[...wall].map(([name, runs]) =>
          measured(`answered after the wall limit, ${name}, median`, median(runs), "ms"),
        ),
        ...[...memory].map(([name, peaks]) =>
          measured(`memory beyond the limit, ${name}, most`, Math.max(...peaks), "MiB"),
        ),
      ],
      goals: [
        {
          name: "CPU time beyond the limit, p99",
          comparison: "at-most",
          bound: 25,
          scale: "ms",
          value: significant(overshoot(99), 3),
        },
        {
          name: "answered after the CPU limit, p99",
          comparison: "at-most",
          bound: 50,
          scale: "ms",
          value: significant(late(99), 3),
        },
        {
          name: "answered after the wall limit, p99",
          comparison: "at-most",
          bound: 50,
          scale: "ms",
          value: significant(percentile(waited, 99), 3),
        },
      ],
    };
  } finally {
    await fleet.stop();
  }
}

function measured(name: string, value: number, unit: string): Measurement {
  return { name, value: significant(value, 3), unit };
}

async function publishAll(fleet: LocalFleet): Promise<void> {
  const functions = [
    ...Object.entries(runaways).map(([name, body]) => ({ name, body, limits: { cpuMs: CPU_MS } })),
    ...Object.entries(waits).map(([name, body]) => ({ name, body, limits: { fetchWallMs: WALL_MS, wallMs: WALL_MS } })),
    ...Object.entries(bombs).map(([name, body]) => ({
      name,
      body,
      limits: { cpuMs: 5_000, fetchWallMs: 10_000, memoryMiB: MEMORY_MIB },
    })),
  ];
  for (const { name, body, limits: own } of functions) {
    const code = `export default { async fetch(request) {
      let n = 0;
      if (new URL(request.url).pathname.endsWith("/quick")) return new Response("quick");
      ${body}
      return new Response(String(n));
    } };`;
    await publishInline(fleet, { name: functionName(name), code, aliases: ["live"], limits: own });
  }
  const rules = functions.map(({ name }, index): RuleInput => ({
    phase: "fetch",
    matchType: "directory",
    matchContent: `/${functionName(name)}/`,
    function: functionName(name),
    alias: "live",
    priority: index + 1,
  }));
  await setDomain(fleet, { domain: HOST, rules });
}

function functionName(name: string): string {
  return name.replaceAll(" ", "-");
}

interface Stopped {
  readonly cpuMs: number;
  readonly answeredMs: number;
}

async function measureCpu(
  node: FleetNode,
  { rounds, context }: { readonly rounds: number; readonly context: ScenarioContext },
): Promise<ReadonlyMap<string, readonly Stopped[]>> {
  const results = new Map<string, Stopped[]>();
  for (const name of Object.keys(runaways)) {
    const runs: Stopped[] = [];
    for (let round = 0; round < rounds; round++) {
      const quick = name === "quick before" ? QUICK_REQUESTS : 1;
      for (let request = 0; request < quick; request++) await ask(node, `${name}/quick`, 200);
      const before = await hostsCpuMs(node);
      const { headMs } = await ask(node, `${name}/run`, 503);
      runs.push({ cpuMs: (await hostsCpuMs(node)) - before, answeredMs: headMs });
    }
    context.note(`${name}: stopped after ${Math.round(median(runs.map(({ cpuMs }) => cpuMs)))} ms of CPU time`);
    results.set(name, runs);
  }
  return results;
}

/** Of everything that fronts started: their isolate hosts. */
async function hostsCpuMs({ pid }: FleetNode): Promise<number> {
  const own = await pidsOfTree(pid);
  const times = await Promise.all(own.slice(1 + FRONTS).map(cpuMsOf));
  return times.reduce((sum, ms) => sum + ms, 0);
}

/** Milliseconds from the limit to the answer. */
async function measureWall(node: FleetNode, rounds: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const results = new Map<string, number[]>();
  for (const name of Object.keys(waits)) {
    const runs: number[] = [];
    await ask(node, `${name}/quick`, 200);
    for (let round = 0; round < rounds; round++) runs.push((await ask(node, `${name}/run`, 504)).headMs - WALL_MS);
    results.set(name, runs);
  }
  return results;
}

/** MiB that the node's processes had more at the peak than before, beyond the limit. */
async function measureMemory(node: FleetNode): Promise<ReadonlyMap<string, readonly number[]>> {
  const results = new Map<string, number[]>();
  for (const name of Object.keys(bombs)) {
    const peaks: number[] = [];
    for (let round = 0; round < MEMORY_ROUNDS; round++) {
      await ask(node, `${name}/quick`, null);
      const watch = await watchPeakMemory(node.pid);
      await ask(node, `${name}/run`, null);
      const { beforeMiB, peakMiB } = await watch.stop();
      peaks.push(Math.max(0, peakMiB - beforeMiB - MEMORY_MIB));
    }
    results.set(name, peaks);
  }
  return results;
}

async function ask(node: FleetNode, path: string, status: number | null): Promise<{ readonly headMs: number }> {
  const answer = await sendRequest({ url: `${node.edgeUrl}/${path.replaceAll(" ", "-")}`, host: HOST });
  if (status !== null && answer.status !== status) {
    throw new Error(`${path}: received ${answer.status} ${answer.body.toString("utf8", 0, 200)}, expected ${status}`);
  }
  return answer;
}
