/**
 * Time from request to answer when no instance of the function exists, on real nodes with the process driver.
 *
 * Every function is requested once per node: nodes with different settings serve the same published functions, and requests
 * alternate between them, so that whatever else the machine does hits all alike. Invariant: samples count only if the node itself says that it had no instance of any
 * of the functions before; each is asked for once. (A host that is renewed meanwhile starts in advance what was used already, and nothing else.)
 */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { RuleInput } from "../../sdk/api.ts";
import { oneKilobyteAnswer, oneKilobyteSource } from "../functions/one-kilobyte.ts";
import { startUpTableAnswer, startUpTableSource } from "../functions/start-up-table.ts";
import { publishInline, setDomain, waitUntilServed } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { readMetrics, sumMetric } from "../harness/node-metrics.ts";
import type { Measurement } from "../report/report.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const cold: Scenario = {
  name: "cold",
  summary: "First answer of a function without an instance: from code, from a snapshot, from the pre-restored pool.",
  run,
};

/** Functions of each size; each gives one sample per way of starting. At most the 40 rules of one domain. */
const FUNCTIONS = 30;
/** Requests to an instance that exists, so that what is measured is the start and not the first use of the pipeline. */
const WARM_UPS = 300;
const WARM_UP_HOST = "cold-warm-up.test";
/** Between two requests, so that the pool has its spare instances again. */
const PAUSE_MS = 50;
const INSTANCES = "selvage_function_instances";

/** `default`: whatever the node chooses with its default settings, but without instances warmed in advance. */
type Way = "code" | "snapshot" | "pool" | "default";
type Size = "1 KB" | "350 KB, computed" | "350 KB, records";

const base = {
  SELVAGE_NODE_DRIVER: "process",
  SELVAGE_NODE_FRONTS: "1",
  SELVAGE_NODE_WARM_INSTANCES: "0",
  // All instances stay: the tables of 60 functions need more than a host has by default, and one that is replaced starts them again in advance.
  SELVAGE_NODE_HOST_MEMORY_MIB: "4096",
} as const;
const ways: readonly { readonly way: Way; readonly settings: Readonly<Record<string, string>> }[] = [
  { way: "code", settings: { ...base, SELVAGE_NODE_SPARE_INSTANCES: "0", SELVAGE_NODE_SNAPSHOTS: "off" } },
  { way: "snapshot", settings: { ...base, SELVAGE_NODE_SPARE_INSTANCES: "0", SELVAGE_NODE_SNAPSHOTS: "on" } },
  { way: "pool", settings: { ...base, SELVAGE_NODE_SPARE_INSTANCES: "2", SELVAGE_NODE_SNAPSHOTS: "off" } },
  { way: "default", settings: base },
];

interface Subject {
  readonly size: Size;
  readonly host: string;
  /** Expected answer by function, in the order of the paths /0, /1, … */
  readonly answers: readonly string[];
  readonly moduleBytes: number;
}

interface Samples {
  readonly way: Way;
  readonly size: Size;
  readonly milliseconds: readonly number[];
}

/** A node under measurement, with a connection of its own. */
interface Candidate {
  readonly way: Way;
  readonly node: FleetNode;
  readonly agent: Agent;
}

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  const candidates: Candidate[] = [];
  try {
    const subjects = await publishSubjects(fleet, context);
    for (const { way, settings } of ways) {
      const node = await fleet.startNode({ name: way, settings });
      candidates.push({ way, node, agent: new Agent({ keepAlive: true, maxSockets: 1 }) });
    }
    await waitUntilServed(fleet, ways.length);
    const samples: Samples[] = [];
    for (const subject of subjects) {
      context.note(`${subject.size}: ${FUNCTIONS} first requests to each of ${ways.length} nodes`);
      samples.push(...(await measure(candidates, subject)));
    }
    return summarise(samples, subjects);
  } finally {
    for (const { agent } of candidates) agent.destroy();
    await fleet.stop();
  }
}

async function publishSubjects(fleet: LocalFleet, context: ScenarioContext): Promise<readonly Subject[]> {
  const [source, answer] = [oneKilobyteSource(0), oneKilobyteAnswer(0, "/0")];
  await publishSubject(fleet, { size: "1 KB", host: WARM_UP_HOST, sources: [source], answers: [answer] });
  const numbers = Array.from({ length: FUNCTIONS }, (_, i) => i);
  context.note(`publishing ${FUNCTIONS} functions of each size`);
  return [
    await publishSubject(fleet, {
      size: "1 KB",
      host: "cold-small.test",
      sources: numbers.map(oneKilobyteSource),
      answers: numbers.map((i) => oneKilobyteAnswer(i, `/${i}`)),
    }),
    ...(await publishTables(fleet, numbers)),
  ];
}

async function publishTables(fleet: LocalFleet, numbers: readonly number[]): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const kind of ["computed", "records"] as const) {
    subjects.push(
      await publishSubject(fleet, {
        size: `350 KB, ${kind}`,
        host: `cold-${kind}.test`,
        sources: numbers.map((i) => startUpTableSource(`table ${i}`, kind)),
        answers: numbers.map((i) => startUpTableAnswer(`table ${i}`)),
      }),
    );
  }
  return subjects;
}

async function publishSubject(
  fleet: LocalFleet,
  subject: Omit<Subject, "moduleBytes"> & { readonly sources: readonly string[] },
): Promise<Subject> {
  const rules: RuleInput[] = [];
  let moduleBytes = 0;
  for (const [i, code] of subject.sources.entries()) {
    const name = functionName(subject.host, i);
    const { version, moduleBytes: bytes, snapshot } = await publishInline(fleet, { name, code, snapshot: true });
    if (snapshot.state !== "ready") throw new Error(`${name} has no snapshot: ${snapshot.reason}`);
    moduleBytes = bytes;
    const match = { matchType: "path", matchContent: `/${i}` } as const;
    rules.push({ phase: "fetch", ...match, function: name, version, priority: i + 1 });
  }
  await setDomain(fleet, { domain: subject.host, rules });
  return { ...subject, moduleBytes };
}

/** The first request to each function of a subject, on one node after the other. */
async function measure(candidates: readonly Candidate[], subject: Subject): Promise<readonly Samples[]> {
  for (const { node, agent } of candidates) {
    for (let i = 0; i < WARM_UPS; i++) await sendRequest({ url: `${node.edgeUrl}/0`, host: WARM_UP_HOST, agent });
  }
  await confirmThatNoneIs(candidates, subject);
  const samples = candidates.map(({ way }) => ({ way, size: subject.size, milliseconds: new Array<number>() }));
  for (const [path, expected] of subject.answers.entries()) {
    for (const [i, { node, agent }] of candidates.entries()) {
      const answer = await sendRequest({ url: `${node.edgeUrl}/${path}`, host: subject.host, agent });
      const text = answer.body.toString();
      if (text !== expected)
        throw new Error(`${subject.host}/${path}: expected ${expected}: received ${text.slice(0, 200)}`);
      samples[i]?.milliseconds.push(answer.totalMs);
      await delay(PAUSE_MS);
    }
  }
  return samples;
}

/** To ask the nodes in between would wake up what is measured. */
async function confirmThatNoneIs(candidates: readonly Candidate[], subject: Subject): Promise<void> {
  for (const { way, node } of candidates) {
    const metrics = await readMetrics(node);
    for (const path of subject.answers.keys()) {
      const name = functionName(subject.host, path);
      const instances = sumMetric(metrics, INSTANCES, `function="${name}"`);
      if (instances !== 0) throw new Error(`${name} has ${instances} instances before it is asked for (${way})`);
    }
  }
}

function functionName(host: string, number: number): string {
  return `${host.replace(".test", "")}-${number}`;
}

function summarise(samples: readonly Samples[], subjects: readonly Subject[]): ScenarioOutcome {
  const p50 = (size: Size, way: Way): number => {
    const found = samples.find((entry) => entry.size === size && entry.way === way);
    return percentile(found?.milliseconds ?? [], 50);
  };
  const sizes = subjects.map(({ size, moduleBytes }): Measurement => {
    return { name: `${size} function, bundle`, value: moduleBytes, unit: "bytes" };
  });
  return {
    settings: { driver: "process", frontsPerNode: 1, functionsPerSize: FUNCTIONS, warmInstances: 0 },
    results: [...sizes, ...samples.flatMap(describeSamples)],
    goals: [
      {
        name: "cold, 1 KB, p50 from snapshot or pool",
        comparison: "at-most",
        bound: 3,
        scale: "ms",
        value: significant(Math.min(p50("1 KB", "snapshot"), p50("1 KB", "pool")), 4),
      },
      ...(["350 KB, computed", "350 KB, records"] as const).map(
        (size) =>
          ({
            name: `cold, ${size} table, p50 from snapshot`,
            comparison: "at-most",
            bound: 0.5,
            scale: "x from code",
            value: significant(p50(size, "snapshot") / p50(size, "code"), 4),
          }) as const,
      ),
    ],
  };
}

function describeSamples({ size, way, milliseconds }: Samples): readonly Measurement[] {
  return [50, 95].map((percent) => {
    const value = significant(percentile(milliseconds, percent), 4);
    return { name: `${size} from ${way}, p${percent}`, value, unit: "ms" };
  });
}
