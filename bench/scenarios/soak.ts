/**
 * Two nodes under full load for as long as `--seconds` says, with purges, configuration changes and an origin that goes away now and then.
 *
 * Goals are about being right, not fast: no wrong body, no failure that the origin did not cause, no growing memory.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { memoryMiBOfTree } from "../harness/process-memory.ts";
import type { Measurement } from "../report/report.ts";
import { median, significant } from "../report/statistics.ts";
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";
import { disturb, type DisturbanceCounts } from "../soak/disturbances.ts";
import { runClients } from "../soak/soak-clients.ts";
import { SoakLog } from "../soak/soak-log.ts";
import { kinds, resourceOf, SoakOrigin, type Kind, type Resource } from "../soak/soak-origin.ts";
import { seededRandom } from "../harness/seeded-random.ts";

export const soak: Scenario = {
  name: "soak",
  summary: "Two nodes under load with purges, configuration changes and origin outages; every body is checked.",
  run,
};

const HOST = "soak.test";
const CLIENTS = 48;
const PER_KIND = 40;
const SAMPLE_MS = 1_000;
const SETTLE_MS = 2_500;

const resources: readonly Resource[] = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
  Array.from({ length: PER_KIND }, (_, index) => resourceOf(kind, index)),
);

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const now = (): number => performance.now();
  const origin = new SoakOrigin(resources, now);
  await origin.start();
  const fleet = await LocalFleet.start({ folder: join(context.folder, "fleet"), env: context.env });
  try {
    const settings = {
      SELVAGE_NODE_DRIVER: "in-process",
      SELVAGE_NODE_FRONTS: "1",
      SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
      SELVAGE_NODE_CACHE_MIB: "16",
      SELVAGE_LOG_LEVEL: "warn",
    };
    const nodes = [
      await fleet.startNode({ name: "edge-1", settings }),
      await fleet.startNode({ name: "edge-2", settings }),
    ];
    const { sources, ...rest } = documentOf(origin, 0);
    await setDomain(fleet, { domain: HOST, sources, rules: [] });
    await fleet.client.setDomain(HOST, { sources, ...rest });
    return await soakNodes(context, { fleet, nodes, origin, now });
  } finally {
    await fleet.stop();
    await origin.stop();
  }
}

function documentOf(origin: SoakOrigin, configuration: number) {
  return {
    sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port }],
    http_response_header: [{ name: "x-config", value: String(configuration), action: "set" }],
  } as const;
}

async function soakNodes(
  context: ScenarioContext,
  setup: {
    readonly fleet: LocalFleet;
    readonly nodes: readonly FleetNode[];
    readonly origin: SoakOrigin;
    readonly now: () => number;
  },
): Promise<ScenarioOutcome> {
  const { fleet, nodes, origin, now } = setup;
  const log = new SoakLog();
  const floors = new Map<string, number>();
  const configuration = { floor: -1 };
  const stop = new AbortController();
  const { signal } = stop;
  const plan = { host: HOST, nodes: nodes.map(({ edgeUrl }) => edgeUrl), resources, origin, log, floors };
  const clients = runClients({ ...plan, configuration, random: seededRandom(1), now, signal }, CLIENTS);
  const document = (number: number): ReturnType<typeof documentOf> => documentOf(origin, number);
  const disturbing = disturb({
    fleet,
    domain: HOST,
    origin,
    resources,
    floors,
    configuration,
    document,
    signal,
  });
  const memory = watchMemory(nodes, { signal, note: (text) => context.note(text), log });
  try {
    await Promise.race([delay(context.seconds * 1_000), disturbing, clients]);
  } finally {
    stop.abort();
  }
  const [counts, samples] = await Promise.all([disturbing, memory, clients]);
  for (const example of log.examples) context.note(example);
  await delay(SETTLE_MS);
  return summarise(context, { log, counts, samples, originRequests: origin.requests });
}

/** MiB of each node once a second. */
async function watchMemory(
  nodes: readonly FleetNode[],
  watching: { readonly signal: AbortSignal; readonly note: (text: string) => void; readonly log: SoakLog },
): Promise<readonly number[]> {
  const samples: number[] = [];
  const startedMs = performance.now();
  while (!watching.signal.aborted) {
    const sizes = await Promise.all(nodes.map(({ pid }) => memoryMiBOfTree(pid)));
    samples.push(sizes.reduce((sum, size) => sum + size, 0));
    if (samples.length % 10 === 0) {
      const { requests, wrong, failedInOutage } = watching.log;
      const megabytes = Math.round(samples.at(-1) ?? 0);
      watching.note(
        `${Math.round((performance.now() - startedMs) / 1_000)} s: ${requests} requests, ${wrong} wrong, ${failedInOutage} in outages, ${megabytes} MiB`,
      );
    }
    await delay(SAMPLE_MS);
  }
  return samples;
}

function summarise(
  context: ScenarioContext,
  seen: {
    readonly log: SoakLog;
    readonly counts: DisturbanceCounts;
    readonly samples: readonly number[];
    readonly originRequests: number;
  },
): ScenarioOutcome {
  const { log, counts, samples } = seen;
  const count = (name: string, value: number): Measurement => ({ name, value, unit: "count" });
  const found = (...names: readonly Parameters<SoakLog["add"]>[0][]): number =>
    names.reduce((sum, name) => sum + (log.findings.get(name) ?? 0), 0);
  const growth = memoryGrowth(samples);
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  const goals: readonly JudgedGoal[] = [
    { ...none, name: "wrong bodies", value: found("foreign", "torn", "future") },
    { ...none, name: "answers older than a purge or no-store allows", value: found("old") },
    { ...none, name: "answers under an old configuration", value: found("configuration") },
    { ...none, name: "failures the origin did not cause", value: found("unexplained") },
    { name: "memory, last quarter by second quarter", comparison: "at-most", bound: 1.1, scale: "x", value: growth },
  ];
  return {
    settings: { seconds: context.seconds, nodes: 2, clients: CLIENTS, resources: resources.length },
    results: [
      count("requests", log.requests),
      count("requests, right", log.good),
      count("requests, broken off by the client", log.aborted),
      count("requests, failed with the origin", log.failedInOutage),
      count("origin requests", seen.originRequests),
      count("purges", counts.purges),
      count("configurations", counts.configurations),
      count("outages", counts.outages),
      ...[...log.cache].map(([word, value]) => count(`cache: ${word}`, value)),
      { name: "memory of both nodes at the end", value: significant(samples.at(-1) ?? 0, 4), unit: "MiB" },
    ],
    goals,
  };
}

/** Undefined when the run was too short to say. */
function memoryGrowth(samples: readonly number[]): number | undefined {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) return undefined;
  const before = median(samples.slice(quarter, 2 * quarter));
  return significant(median(samples.slice(-quarter)) / before, 4);
}
