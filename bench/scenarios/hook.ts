/**
 * A clientRequest function that sets a header, in front of a cache hit of 1 KiB, beside nginx with an njs header filter in front of its own
 * cache.
 *
 * Invariant: the origin is not asked while the load runs; a run in which it was is a failure.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConstantOrigin } from "../harness/constant-origin.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { cacheZone, cachedLocations } from "../harness/nginx-cache.ts";
import { startNginx, type Nginx } from "../harness/nginx.ts";
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
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const hook: Scenario = {
  name: "hook",
  summary: "A clientRequest function in front of a cache hit, both drivers, beside nginx with an njs header filter.",
  run,
};

const HOST = "bench.test";
const PATH = "/keep/1024";
const ROUNDS = 3;
const drivers = ["in-process", "process"] as const;
const loads: readonly NamedLoad[] = [32, 128].map((connections) => ({
  name: `${connections} connections`,
  path: PATH,
  connections,
}));
const njsFilter = `function mark(request) { request.headersOut["x-hook"] = "seen"; }
export default { mark };
`;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const started = new Started();
  try {
    const origin = started.add(await ConstantOrigin.start());
    const nginx = await startNginxWithFilter(origin.port, context);
    if (nginx === null) context.note("nginx with njs is not installed: its ratios have no value");
    else started.add(nginx);
    const fleet = started.add(await LocalFleet.start({ folder: join(folder, "fleet"), env }));
    const targets: LoadTarget[] = nginx === null ? [] : [{ name: "njs", url: nginx.url }];
    for (const driver of drivers) {
      const settings = {
        SELVAGE_NODE_DRIVER: driver,
        SELVAGE_NODE_FRONTS: "1",
        SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8",
      };
      const { edgeUrl } = await fleet.startNode({ name: driver, settings });
      targets.push({ name: driver, url: edgeUrl });
    }
    const code = await readFile(join(projectRoot, "bench/functions/hook.js"), "utf8");
    const { version } = await publishInline(fleet, { name: "hook", code });
    const rule = { phase: "clientRequest", matchType: "all", function: "hook", version, priority: 1 } as const;
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await setDomain(fleet, { domain: HOST, sources: [source], rules: [rule] });
    for (const target of targets) await fill(target);
    const before = origin.requests;
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    const asked = origin.requests - before;
    return summarise(runs, { context, asked, nginx: nginx?.version ?? "missing" });
  } finally {
    await started.stop();
  }
}

function startNginxWithFilter(originPort: number, { env, folder }: ScenarioContext): Promise<Nginx | null> {
  return startNginx({
    folder: join(folder, "nginx"),
    env,
    healthPath: PATH,
    script: njsFilter,
    http: cacheZone(originPort),
    server: cachedLocations("      js_header_filter main.mark;"),
  });
}

/** @throws Error when the second answer is not the whole body. */
async function fill({ name, url }: LoadTarget): Promise<void> {
  await sendRequest({ url: `${url}${PATH}`, host: HOST });
  const { status, body } = await sendRequest({ url: `${url}${PATH}`, host: HOST });
  if (status !== 200 || body.byteLength !== 1_024)
    throw new Error(`${name} does not serve ${PATH}: received ${status}`);
}

function summarise(
  runs: readonly AlternatedRun[],
  about: { readonly context: ScenarioContext; readonly asked: number; readonly nginx: string },
): ScenarioOutcome {
  const ratio = (target: string, load: string): number | undefined => rateRatio(runs, { target, peer: "njs", load });
  const ratios = loads.flatMap((load) =>
    drivers.flatMap((target): Measurement[] => {
      const value = ratio(target, load.name);
      return value === undefined ? [] : [{ name: `${target} / njs, ${load.name}`, value, unit: "x" }];
    }),
  );
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  const failures = drivers.reduce((sum, driver) => sum + failuresOf(runs, driver), 0);
  const goals = loads.flatMap((load): JudgedGoal[] => {
    const goal = { comparison: "at-least", scale: "x njs" } as const;
    return [
      { ...goal, name: `hook, in-process driver, ${load.name}`, bound: 1.1, value: ratio("in-process", load.name) },
      { ...goal, name: `hook, process driver, ${load.name}`, bound: 0.8, value: ratio("process", load.name) },
    ];
  });
  return {
    settings: {
      generator: `${about.context.generator}, one thread`,
      seconds: about.context.seconds,
      rounds: ROUNDS,
      frontsPerNode: 1,
      nginx: about.nginx,
    },
    results: [
      ...describeRuns(runs),
      ...ratios,
      { name: "origin requests under load", value: about.asked, unit: "count" },
    ],
    goals: [
      ...goals,
      { ...none, name: "hook, failed requests", value: failures },
      { ...none, name: "hook, origin requests under load", value: about.asked },
    ],
  };
}
