/**
 * Answers from the disk cache beside the same from memory and nginx, and how soon a node with a full disk serves after its start.
 *
 * The loads turn round 256 objects, so that no two clients share a read; the node under test has memory for none of them. Invariants: each
 * object comes from the disk before and after the load, and the origin is not asked while it runs. The operating system's cache of the
 * disk is warm for all.
 */
import { join } from "node:path";
import { runToEnd } from "../harness/child-process.ts";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { startPeerCaches, type PeerCache } from "../harness/peer-caches.ts";
import { nodeBinary, projectRoot } from "../harness/project-files.ts";
import { waitFor } from "../harness/wait-for.ts";
import {
  describeRuns,
  failuresOf,
  rateRatio,
  runAlternated,
  type AlternatedRun,
  type LoadTarget,
  type NamedLoad,
} from "../load/alternated-runs.ts";
import type { Measurement } from "../report/report.ts";
import { significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const disk: Scenario = {
  name: "disk",
  summary: "Answers from the disk cache beside memory and nginx; start of a node with 1,000,000 objects on its disk.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 3;
const OBJECTS = 256;
const loads: readonly NamedLoad[] = [
  { name: "64 KiB, 32 connections", path: "/keep/65536", connections: 32, objects: OBJECTS },
  { name: "1 KiB, 32 connections", path: "/keep/1024", connections: 32, objects: OBJECTS },
];
/** On the disk of the node that is started; its index is laid out for a million. */
const STORED = 1_000_000;
const STORED_MIB = 4_096;
const STORED_BODY_BYTES = 1_024;
const FILL_SECONDS_MAX = 330;
const LOOKS = 200;

const nodeSettings = {
  SELVAGE_NODE_DRIVER: "in-process",
  SELVAGE_NODE_FRONTS: "1",
  SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
};

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const origin = await ConstantOrigin.start();
  const fleet = await LocalFleet.start({ folder: join(context.folder, "fleet"), env: context.env });
  try {
    const served = await measureHits(context, { fleet, origin });
    const restarted = await measureRestart(context, { fleet, origin });
    return summarise(context, { served, restarted });
  } finally {
    await fleet.stop();
    await origin.stop();
  }
}

interface Setup {
  readonly fleet: LocalFleet;
  readonly origin: ConstantOrigin;
}

interface Served {
  readonly runs: readonly AlternatedRun[];
  readonly nginx: PeerCache | undefined;
  readonly originRequests: number;
  /** Answers before and after the load that did not come from where they should. */
  readonly misplaced: number;
}

async function measureHits(context: ScenarioContext, { fleet, origin }: Setup): Promise<Served> {
  const { env, folder } = context;
  const peers = await startPeerCaches({ originPort: origin.port, folder, env, healthPath: "/keep/1024" });
  const nodes: FleetNode[] = [];
  try {
    const start = async (name: string, settings: Readonly<Record<string, string>>): Promise<LoadTarget> => {
      const node = await fleet.startNode({ name, settings: { ...nodeSettings, ...settings } });
      nodes.push(node);
      return { name, url: node.edgeUrl };
    };
    const memory = await start("memory", { SELVAGE_NODE_DISK_CACHE_MIB: "0" });
    const onDisk = await start("disk", {
      SELVAGE_NODE_CACHE_MIB: "0",
      SELVAGE_NODE_DISK_CACHE_MIB: "512",
      SELVAGE_NODE_DISK_CACHE_MIN_USES: "1",
    });
    await lead(fleet, origin);
    const nginx = peers.find(({ name }) => name === "nginx");
    const targets = [memory, onDisk, ...(nginx === undefined ? [] : [{ name: nginx.name, url: nginx.url }])];
    for (const target of targets) await askForAll(target);
    const misplacedBefore = await countMisplaced(memory, onDisk);
    const before = origin.requests;
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    const originRequests = origin.requests - before;
    return { runs, nginx, originRequests, misplaced: misplacedBefore + (await countMisplaced(memory, onDisk)) };
  } finally {
    await Promise.all([...peers.map((peer) => peer.stop()), ...nodes.map((node) => node.stop())]);
  }
}

function lead(fleet: LocalFleet, origin: ConstantOrigin): Promise<void> {
  const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
  return setDomain(fleet, { domain: HOST, sources: [source], rules: [] });
}

/** The Cache-Status fields; every answer is whole. */
async function askForAll({ name, url }: LoadTarget): Promise<readonly string[]> {
  const statuses: string[] = [];
  for (const { path } of loads) {
    for (let number = 0; number < OBJECTS; number++) {
      const answer = await sendRequest({ url: `${url}${path}/${number}`, host: HOST });
      const bytes = Number(path.split("/").at(-1));
      if (answer.status !== 200 || answer.body.byteLength !== bytes) {
        throw new Error(`${name} does not serve ${path}: received ${answer.status}, ${answer.body.byteLength} bytes`);
      }
      statuses.push(answer.headers["cache-status"] ?? "");
    }
  }
  return statuses;
}

async function countMisplaced(memory: LoadTarget, onDisk: LoadTarget): Promise<number> {
  const fromMemory = await askForAll(memory);
  const fromDisk = await askForAll(onDisk);
  return (
    fromMemory.filter((status) => !status.includes("; hit;") || status.includes("DISK")).length +
    fromDisk.filter((status) => !/; hit;.*detail=DISK/.test(status)).length
  );
}

interface Restarted {
  readonly stored: number;
  readonly fillSeconds: number;
  /** From the start of the process to the first answer from the disk. */
  readonly servingMs: number;
  readonly missing: number;
}

async function measureRestart(context: ScenarioContext, { fleet, origin }: Setup): Promise<Restarted> {
  const settings = { ...nodeSettings, SELVAGE_NODE_DISK_CACHE_MIB: String(STORED_MIB) };
  const node = await fleet.startNode({ name: "full", settings });
  await lead(fleet, origin);
  await node.stop();
  context.note(`filling a disk with ${STORED.toLocaleString("en-US")} objects, ${FILL_SECONDS_MAX} s at most`);
  const { written, fillMs } = await fill(context, join(fleet.folder, "full", "cache"));
  context.note(`${written.toLocaleString("en-US")} objects in ${Math.round(fillMs / 1_000)} s`);
  const fromDisk = async (number: number): Promise<boolean> => {
    const { status, headers } = await sendRequest({ url: `${node.edgeUrl}/objects/${number}`, host: HOST });
    return status === 200 && headers["cache-status"]?.includes("detail=DISK") === true;
  };
  const startedAt = performance.now();
  await node.spawn();
  const servingMs = await waitFor(async () => ((await fromDisk(0)) ? performance.now() - startedAt : null), {
    what: "an answer from the disk",
    deadlineMs: 60_000,
  });
  let missing = 0;
  for (let look = 1; look <= LOOKS; look++) if (!(await fromDisk((look * 7_919) % written))) missing++;
  await node.stop();
  return { stored: written, fillSeconds: fillMs / 1_000, servingMs, missing };
}

async function fill(
  { env }: ScenarioContext,
  folder: string,
): Promise<{ readonly written: number; readonly fillMs: number }> {
  const script = join(projectRoot, "bench/harness/fill-cache-main.ts");
  const args = [script, folder, STORED_MIB, HOST, STORED, STORED_BODY_BYTES, FILL_SECONDS_MAX].map(String);
  const command = { name: "fill-cache", command: nodeBinary, args, env };
  const { code, stdout, stderr } = await runToEnd(command, (FILL_SECONDS_MAX + 60) * 1_000);
  if (code !== 0) throw new Error(`Cannot fill the disk: ${stderr}`);
  return JSON.parse(stdout) as { written: number; fillMs: number };
}

function summarise(
  context: ScenarioContext,
  { served, restarted }: { readonly served: Served; readonly restarted: Restarted },
): ScenarioOutcome {
  const { runs, nginx } = served;
  const ratio = (peer: string, load: NamedLoad): number | undefined =>
    rateRatio(runs, { target: "disk", peer, load: load.name });
  const ratios = ["memory", "nginx"].flatMap((peer) =>
    loads.flatMap((load): Measurement[] => {
      const value = ratio(peer, load);
      return value === undefined ? [] : [{ name: `disk / ${peer}, ${load.name}`, value, unit: "x" }];
    }),
  );
  const [first] = loads;
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  const servingMs = significant(restarted.servingMs, 4);
  return {
    settings: {
      generator: `${context.generator}, one thread`,
      seconds: context.seconds,
      rounds: ROUNDS,
      objects: OBJECTS,
      fronts: 1,
      ...(nginx === undefined ? {} : { nginx: nginx.version }),
    },
    results: [
      ...describeRuns(runs),
      ...ratios,
      { name: "objects on the disk at the start", value: restarted.stored, unit: "count" },
      { name: "time to write them", value: significant(restarted.fillSeconds, 4), unit: "s" },
    ],
    goals: [
      {
        name: "disk, 64 KiB",
        comparison: "at-least",
        bound: 0.5,
        scale: "x memory",
        value: first === undefined ? undefined : ratio("memory", first),
      },
      { name: "disk, start to the first answer", comparison: "at-most", bound: 5_000, scale: "ms", value: servingMs },
      { ...none, name: "disk, failed requests", value: failuresOf(runs, "disk") },
      { ...none, name: "disk, origin requests under load", value: served.originRequests },
      { ...none, name: "disk, answers from elsewhere", value: served.misplaced + restarted.missing },
    ],
  };
}
