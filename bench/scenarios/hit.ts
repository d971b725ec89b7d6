/**
 * Answers from the memory cache, 1 KiB to 1 MiB, beside nginx and Varnish in front of the same origin, and beside bare uWebSockets.js that answers
 * as many bytes without looking at the request.
 *
 * Invariant: the origin is not asked while the load runs; a run in which it was is a failure.
 */
import { join } from "node:path";
import { startBareServer, type BareServer } from "../harness/bare-server.ts";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { startPeerCaches, type PeerCache } from "../harness/peer-caches.ts";
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
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const hit: Scenario = {
  name: "hit",
  summary: "Answers from the memory cache, 1 KiB, 64 KiB and 1 MiB, beside nginx, Varnish and bare uWebSockets.js.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 3;
const BARE = "uWebSockets.js";
const loads: readonly NamedLoad[] = [
  { name: "1 KiB, 32 connections", path: "/keep/1024", connections: 32 },
  { name: "1 KiB, 128 connections", path: "/keep/1024", connections: 128 },
  { name: "64 KiB, 32 connections", path: "/keep/65536", connections: 32 },
  { name: "1 MiB, 16 connections", path: "/keep/1048576", connections: 16 },
];

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const origin = await ConstantOrigin.start();
  const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
  let peers: readonly PeerCache[] = [];
  let bare: BareServer | null = null;
  try {
    bare = await startBareServer(env);
    peers = await startPeerCaches({ originPort: origin.port, folder, env, healthPath: "/keep/1024" });
    const settings = {
      SELVAGE_NODE_DRIVER: "in-process",
      SELVAGE_NODE_FRONTS: "1",
      SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
    };
    const { edgeUrl } = await fleet.startNode({ name: "edge", settings });
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await setDomain(fleet, { domain: HOST, sources: [source], rules: [] });
    const targets = [{ name: "selvage", url: edgeUrl }, ...peers.map(({ name, url }) => ({ name, url }))];
    targets.push({ name: BARE, url: bare.url });
    await fillCaches(targets);
    const before = origin.requests;
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    return summarise(runs, { context, peers, originRequests: origin.requests - before });
  } finally {
    await Promise.all([...peers, ...(bare === null ? [] : [bare])].map((peer) => peer.stop()));
    await fleet.stop();
    await origin.stop();
  }
}

/** @throws Error when a target does not serve the second request from its cache. */
async function fillCaches(targets: readonly LoadTarget[]): Promise<void> {
  for (const { name, url } of targets) {
    for (const { path } of loads) {
      await sendRequest({ url: `${url}${path}`, host: HOST });
      const answer = await sendRequest({ url: `${url}${path}`, host: HOST });
      const bytes = Number(path.split("/").at(-1));
      if (answer.status !== 200 || answer.body.byteLength !== bytes) {
        throw new Error(`${name} does not serve ${path}: received ${answer.status}, ${answer.body.byteLength} bytes`);
      }
    }
  }
}

function summarise(
  runs: readonly AlternatedRun[],
  about: {
    readonly context: ScenarioContext;
    readonly peers: readonly PeerCache[];
    readonly originRequests: number;
  },
): ScenarioOutcome {
  const ratios = [...about.peers.map(({ name }) => name), BARE].flatMap((name) =>
    loads.flatMap((load): Measurement[] => {
      const value = rateRatio(runs, { target: "selvage", peer: name, load: load.name });
      return value === undefined ? [] : [{ name: `selvage / ${name}, ${load.name}`, value, unit: "x" }];
    }),
  );
  return {
    settings: {
      generator: `${about.context.generator}, one thread`,
      seconds: about.context.seconds,
      rounds: ROUNDS,
      fronts: 1,
      ...Object.fromEntries(about.peers.map(({ name, version }) => [name, version])),
    },
    results: [
      ...describeRuns(runs),
      ...ratios,
      { name: "origin requests under load", value: about.originRequests, unit: "count" },
    ],
    goals: [...ratioGoals(runs), ...wholeGoals(runs, about.originRequests)],
  };
}

function ratioGoals(runs: readonly AlternatedRun[]): readonly JudgedGoal[] {
  const ratio = (peer: string, load: string): number | undefined => rateRatio(runs, { target: "selvage", peer, load });
  const bounds = [
    { peer: "varnish", bound: 1.5 },
    { peer: "nginx", bound: 1.2 },
    { peer: BARE, bound: 0.7 },
  ];
  const small = bounds.flatMap(({ peer, bound }) =>
    loads.slice(0, 2).map((load) => ({
      name: `hit, ${load.name}`,
      comparison: "at-least" as const,
      scale: `x ${peer}`,
      bound,
      value: ratio(peer, load.name),
    })),
  );
  const large = loads.slice(2).map((load) => ({
    name: `hit, ${load.name}`,
    comparison: "at-least" as const,
    scale: "x the better of varnish and nginx",
    bound: 1,
    value: smaller(ratio("varnish", load.name), ratio("nginx", load.name)),
  }));
  return [...small, ...large];
}

/** Undefined when one of them is: the better of two cannot be told from one. */
function smaller(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other);
}

function wholeGoals(runs: readonly AlternatedRun[], originRequests: number): readonly JudgedGoal[] {
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  return [
    { ...none, name: "hit, failed requests", value: failuresOf(runs, "selvage") },
    { ...none, name: "hit, origin requests under load", value: originRequests },
  ];
}
