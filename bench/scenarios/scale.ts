/**
 * Cache hits of 1 KiB and a constant answer of a function with one front and with two, on the same machine.
 *
 * The load generator needs a core of its own for every front it is to keep busy: on a machine with as many cores as fronts it shares them, and what
 * is measured is a lower bound. The report says how many cores there were. Invariant: an answer that is not 2xx or 3xx fails a goal.
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { projectRoot } from "../harness/project-files.ts";
import { Started } from "../harness/started.ts";
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
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const scale: Scenario = {
  name: "scale",
  summary: "Throughput with two fronts against one, of cache hits and of a function.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 3;
const FRONTS: readonly number[] = [1, 2];
const loads: readonly NamedLoad[] = [
  { name: "hit of 1 KiB, 128 connections", path: "/keep/1024", connections: 128 },
  { name: "function, 128 connections", path: "/function", connections: 128 },
];

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const started = new Started();
  try {
    const origin = started.add(await ConstantOrigin.start());
    const fleet = started.add(await LocalFleet.start({ folder: join(folder, "fleet"), env }));
    const targets: LoadTarget[] = [];
    for (const fronts of FRONTS) {
      const settings = {
        SELVAGE_NODE_DRIVER: "in-process",
        SELVAGE_NODE_FRONTS: String(fronts),
        SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
      };
      const { edgeUrl } = await fleet.startNode({ name: `fronts-${fronts}`, settings });
      targets.push({ name: nameOf(fronts), url: edgeUrl });
    }
    const code = await readFile(join(projectRoot, "bench/functions/hello.js"), "utf8");
    const { version } = await publishInline(fleet, { name: "hello", code });
    const match = { matchType: "path", matchContent: "/function" } as const;
    const rule = { phase: "fetch", ...match, function: "hello", version, priority: 1 } as const;
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await setDomain(fleet, { domain: HOST, sources: [source], rules: [rule] });
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    return summarise(runs, context);
  } finally {
    await started.stop();
  }
}

function nameOf(fronts: number): string {
  return fronts === 1 ? "one front" : `${fronts} fronts`;
}

function summarise(runs: readonly AlternatedRun[], context: ScenarioContext): ScenarioOutcome {
  const ratios = loads.flatMap((load): Measurement[] => {
    const value = rateRatio(runs, { target: nameOf(2), peer: nameOf(1), load: load.name });
    return value === undefined ? [] : [{ name: `2 fronts / one front, ${load.name}`, value, unit: "x" }];
  });
  const failures = FRONTS.reduce((sum, fronts) => sum + failuresOf(runs, nameOf(fronts)), 0);
  return {
    settings: {
      generator: `${context.generator}, one thread, on the same cores`,
      seconds: context.seconds,
      rounds: ROUNDS,
      driver: "in-process",
      cores: availableParallelism(),
    },
    results: [...describeRuns(runs), ...ratios],
    goals: [{ name: "scale, failed requests", comparison: "at-most", bound: 0, scale: "", value: failures }],
  };
}
