/**
 * Throughput of a `fetch` function beside workerd running the same file, and beside nginx with njs doing the same.
 *
 * All servers run at once and idle while another is under load; runs alternate between them, so that whatever else the machine does hits all
 * alike. Invariant: an answer that is not 2xx or 3xx fails a goal.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sendRequest } from "../harness/http-exchange.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { startNginx } from "../harness/nginx.ts";
import { projectRoot } from "../harness/project-files.ts";
import { Started } from "../harness/started.ts";
import { startWorkerd } from "../harness/workerd.ts";
import {
  describeRuns,
  failuresOf,
  latencyRatio,
  rateRatio,
  runAlternated,
  type AlternatedRun,
  type LoadTarget,
  type NamedLoad,
} from "../load/alternated-runs.ts";
import type { Measurement } from "../report/report.ts";
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const hello: Scenario = {
  name: "hello",
  summary: "Requests per second of a constant answer, both drivers, beside workerd and nginx with njs doing the same.",
  run,
};

const HOST = "bench.test";
const PATH = "/hello/world";
const ROUNDS = 3;
const drivers = ["in-process", "process"] as const;
const loads: readonly NamedLoad[] = [1, 32, 128].map((connections) => ({
  name: `${connections} connections`,
  path: PATH,
  connections,
}));
const helloFile = join(projectRoot, "bench/functions/hello.js");
const njsHello = `function hello(request) {
  request.headersOut["x-hello"] = "edge";
  request.return(200, "Hello from the edge: " + request.uri);
}
export default { hello };
`;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const started = new Started();
  try {
    const workerd = started.add(await startWorkerd({ moduleFile: helloFile, folder: join(folder, "workerd"), env }));
    const nginx = await startNginx({
      folder: join(folder, "nginx"),
      env,
      healthPath: PATH,
      script: njsHello,
      server: "    location / { js_content main.hello; default_type text/plain; }",
    });
    if (nginx === null) context.note("nginx with njs is not installed: its ratios have no value");
    else started.add(nginx);
    const fleet = started.add(await LocalFleet.start({ folder: join(folder, "fleet"), env }));
    const targets: LoadTarget[] = [{ name: "workerd", url: workerd.url }];
    if (nginx !== null) targets.push({ name: "njs", url: nginx.url });
    for (const driver of drivers) {
      const settings = { SELVAGE_NODE_DRIVER: driver, SELVAGE_NODE_FRONTS: "1" };
      const { edgeUrl } = await fleet.startNode({ name: driver, settings });
      targets.push({ name: driver, url: edgeUrl });
    }
    const { version } = await publishInline(fleet, { name: "hello", code: await readFile(helloFile, "utf8") });
    const rule = { phase: "fetch", matchType: "all", function: "hello", version, priority: 1 } as const;
    await setDomain(fleet, { domain: HOST, rules: [rule] });
    for (const target of targets) await expectHello(target);
    const runs = await runAlternated({ targets, loads }, { ...context, host: HOST, rounds: ROUNDS });
    for (const target of targets) await expectHello(target);
    return summarise(runs, { context, versions: { workerd: workerd.version, nginx: nginx?.version ?? "missing" } });
  } finally {
    await started.stop();
  }
}

/** @throws Error when the target does not run the function as written. */
async function expectHello(target: LoadTarget): Promise<void> {
  const answer = await sendRequest({ url: `${target.url}${PATH}`, host: HOST });
  const text = answer.body.toString();
  if (answer.status !== 200 || text !== `Hello from the edge: ${PATH}` || answer.headers["x-hello"] !== "edge") {
    throw new Error(`${target.name} does not run the function: received ${answer.status} ${text.slice(0, 200)}`);
  }
}

function summarise(
  runs: readonly AlternatedRun[],
  about: { readonly context: ScenarioContext; readonly versions: Readonly<Record<string, string>> },
): ScenarioOutcome {
  const ratios = loads.flatMap((load) =>
    drivers.flatMap((target) =>
      ["workerd", "njs"].flatMap((peer): Measurement[] => {
        const value = rateRatio(runs, { target, peer, load: load.name });
        return value === undefined ? [] : [{ name: `${target} / ${peer}, ${load.name}`, value, unit: "x" }];
      }),
    ),
  );
  const ownFailures = drivers.reduce((sum, driver) => sum + failuresOf(runs, driver), 0);
  return {
    settings: {
      generator: `${about.context.generator}, one thread`,
      seconds: about.context.seconds,
      rounds: ROUNDS,
      frontsPerNode: 1,
      ...about.versions,
    },
    results: [...describeRuns(runs), ...ratios],
    goals: [
      ...loads.slice(1).flatMap((load) => goalsAt(runs, load.name)),
      {
        name: "hello, failed requests of both drivers",
        comparison: "at-most",
        bound: 0,
        scale: "",
        value: ownFailures,
      },
    ],
  };
}

const bounds = {
  "in-process": { workerd: 5, njs: 0.8 },
  process: { workerd: 3, njs: 0.5 },
} as const;

function goalsAt(runs: readonly AlternatedRun[], load: string): readonly JudgedGoal[] {
  return drivers.flatMap((target): JudgedGoal[] => {
    const rates = (["workerd", "njs"] as const).map((peer) => ({
      name: `hello, ${target} driver, ${load}`,
      comparison: "at-least" as const,
      scale: `x ${peer}`,
      bound: bounds[target][peer],
      value: rateRatio(runs, { target, peer, load }),
    }));
    const p99 = {
      name: `hello, ${target} driver, ${load}, p99`,
      comparison: "at-most" as const,
      scale: "x workerd",
      bound: 1,
      value: latencyRatio(runs, { target, peer: "workerd", load }),
    };
    return [...rates, p99];
  });
}
