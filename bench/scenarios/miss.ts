/**
 * Pass-through of an answer that may not be cached, beside nginx and Varnish in front of the same origin.
 *
 * Invariant: every request reaches the origin; a run in which one did not is a failure.
 */
import { join } from "node:path";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { startPeerCaches, type PeerCache } from "../harness/peer-caches.ts";
import {
  describeRuns,
  failuresOf,
  rateRatio,
  runAlternated,
  type AlternatedRun,
  type NamedLoad,
} from "../load/alternated-runs.ts";
import type { Measurement } from "../report/report.ts";
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const miss: Scenario = {
  name: "miss",
  summary: "Pass-through of an uncacheable 1 KiB, beside nginx and Varnish where they are installed.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 3;
const loads: readonly NamedLoad[] = [
  { name: "1 KiB, 32 connections", path: "/pass/1024", connections: 32 },
  { name: "1 KiB, 128 connections", path: "/pass/1024", connections: 128 },
];

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const origin = await ConstantOrigin.start();
  const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
  let peers: readonly PeerCache[] = [];
  try {
    peers = await startPeerCaches({ originPort: origin.port, folder, env, healthPath: "/pass/1024" });
    const settings = {
      SELVAGE_NODE_DRIVER: "in-process",
      SELVAGE_NODE_FRONTS: "1",
      SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
    };
    const { edgeUrl } = await fleet.startNode({ name: "edge", settings });
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await setDomain(fleet, { domain: HOST, sources: [source], rules: [] });
    const targets = [{ name: "selvage", url: edgeUrl }, ...peers.map(({ name, url }) => ({ name, url }))];
    const before = origin.requests;
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    const answered = runs.reduce((sum, { requests }) => sum + requests, 0);
    return summarise(runs, { context, peers, unasked: Math.max(0, answered - (origin.requests - before)) });
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    await fleet.stop();
    await origin.stop();
  }
}

function summarise(
  runs: readonly AlternatedRun[],
  about: { readonly context: ScenarioContext; readonly peers: readonly PeerCache[]; readonly unasked: number },
): ScenarioOutcome {
  const ratio = (peer: string, load: string): number | undefined => rateRatio(runs, { target: "selvage", peer, load });
  const ratios = about.peers.flatMap(({ name }) =>
    loads.flatMap((load): Measurement[] => {
      const value = ratio(name, load.name);
      return value === undefined ? [] : [{ name: `selvage / ${name}, ${load.name}`, value, unit: "x" }];
    }),
  );
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  return {
    settings: {
      generator: `${about.context.generator}, one thread`,
      seconds: about.context.seconds,
      rounds: ROUNDS,
      fronts: 1,
      ...Object.fromEntries(about.peers.map(({ name, version }) => [name, version])),
    },
    results: [...describeRuns(runs), ...ratios],
    goals: [
      ...loads.map((load): JudgedGoal => ({
        name: `miss, ${load.name}`,
        comparison: "at-least",
        bound: 0.8,
        scale: "x nginx",
        value: ratio("nginx", load.name),
      })),
      { ...none, name: "miss, failed requests", value: failuresOf(runs, "selvage") },
      { ...none, name: "miss, answers the origin did not give", value: about.unasked },
    ],
  };
}
