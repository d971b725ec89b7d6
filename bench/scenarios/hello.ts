/**
 * Throughput of a `fetch` function beside workerd running the same file.
 *
 * Both drivers and workerd run at once and idle while another is under load; runs alternate between them, so that whatever else
 * the machine does hits all alike. Ratios are of medians. Invariant: an answer that is not 2xx or 3xx fails a goal.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sendRequest } from "../harness/http-exchange.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { projectRoot } from "../harness/project-files.ts";
import { startWorkerd } from "../harness/workerd.ts";
import { putLoad } from "../load/load-generator.ts";
import type { LoadResult } from "../load/load-result.ts";
import type { Measurement } from "../report/report.ts";
import { median, significant } from "../report/statistics.ts";
import type { JudgedGoal, Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const hello: Scenario = {
  name: "hello",
  summary: "Requests per second of a constant answer, both drivers, beside workerd running the same function.",
  run,
};

type TargetName = "in-process" | "process" | "workerd";

interface Target {
  readonly name: TargetName;
  readonly url: string;
}

interface Run extends LoadResult {
  readonly target: TargetName;
  readonly connections: number;
}

const HOST = "bench.test";
const PATH = "/hello/world";
const CONNECTIONS: readonly number[] = [1, 32, 128];
const ROUNDS = 3;
const WARM_UP_SECONDS = 2;
const helloFile = join(projectRoot, "bench/functions/hello.js");

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const workerd = await startWorkerd({ moduleFile: helloFile, folder: join(folder, "workerd"), env });
  try {
    const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
    try {
      const targets: Target[] = [{ name: "workerd", url: workerd.url }];
      for (const driver of ["in-process", "process"] as const) {
        const settings = { SELVAGE_NODE_DRIVER: driver, SELVAGE_NODE_FRONTS: "1" };
        const { edgeUrl } = await fleet.startNode({ name: driver, settings });
        targets.push({ name: driver, url: edgeUrl });
      }
      const { version } = await publishInline(fleet, { name: "hello", code: await readFile(helloFile, "utf8") });
      const rule = { phase: "fetch", matchType: "all", function: "hello", version, priority: 1 } as const;
      await setDomain(fleet, { domain: HOST, rules: [rule] });
      const runs = await measure(targets, context);
      return summarise(runs, { context, workerdVersion: workerd.version });
    } finally {
      await fleet.stop();
    }
  } finally {
    await workerd.stop();
  }
}

async function measure(targets: readonly Target[], context: ScenarioContext): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const target of targets) {
    await expectHello(target);
    await load(target, { context, connections: 32, seconds: WARM_UP_SECONDS });
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const connections of CONNECTIONS) {
      // Each round starts with another target, so that none always runs after the same one.
      for (const target of [...targets.slice(round), ...targets.slice(0, round)]) {
        const result = await load(target, { context, connections, seconds: context.seconds });
        runs.push({ ...result, target: target.name, connections });
        const rate = Math.round(result.requestsPerSecond).toLocaleString("en-US");
        const line = `${target.name}, ${connections} connections: ${rate} requests/s, ${result.failures} failures`;
        context.note(`round ${round + 1} of ${ROUNDS}, ${line}`);
      }
    }
  }
  for (const target of targets) await expectHello(target);
  return runs;
}

function load(
  target: Target,
  options: { readonly context: ScenarioContext; readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  const { context, connections, seconds } = options;
  const { generator, env } = context;
  return putLoad({ generator, url: `${target.url}${PATH}`, host: HOST, connections, seconds }, env);
}

/** @throws Error when the target does not run the function as written. */
async function expectHello(target: Target): Promise<void> {
  const answer = await sendRequest({ url: `${target.url}${PATH}`, host: HOST });
  const text = answer.body.toString();
  if (answer.status !== 200 || text !== `Hello from the edge: ${PATH}` || answer.headers["x-hello"] !== "edge") {
    throw new Error(`${target.name} does not run the function: received ${answer.status} ${text.slice(0, 200)}`);
  }
}

function summarise(
  runs: readonly Run[],
  about: { readonly context: ScenarioContext; readonly workerdVersion: string },
): ScenarioOutcome {
  const rates = (target: TargetName, connections: number): readonly number[] =>
    selectRuns(runs, { target, connections }).map((run) => run.requestsPerSecond);
  // Round by round: a machine whose speed drifts slows both sides of a pair.
  const ratio = (target: TargetName, connections: number): number => {
    const peer = rates("workerd", connections);
    return significant(median(rates(target, connections).map((rate, round) => rate / (peer[round] ?? Number.NaN))), 4);
  };
  const names: readonly TargetName[] = ["in-process", "process", "workerd"];
  const results = names.flatMap((target) =>
    CONNECTIONS.flatMap((connections) => describeRuns(selectRuns(runs, { target, connections }))),
  );
  const ratios = CONNECTIONS.flatMap((connections) =>
    (["in-process", "process"] as const).map((target): Measurement => {
      return { name: `${target} / workerd, ${connections} connections`, value: ratio(target, connections), unit: "x" };
    }),
  );
  const ownFailures = runs.filter(({ target }) => target !== "workerd").reduce((sum, run) => sum + run.failures, 0);
  return {
    settings: {
      generator: `${about.context.generator}, one thread`,
      seconds: about.context.seconds,
      rounds: ROUNDS,
      frontsPerNode: 1,
      workerd: about.workerdVersion,
    },
    results: [...results, ...ratios],
    goals: [...[32, 128].flatMap((connections) => ratioGoals(connections, ratio)), noFailure(ownFailures)],
  };
}

function selectRuns(
  runs: readonly Run[],
  wanted: { readonly target: TargetName; readonly connections: number },
): readonly Run[] {
  return runs.filter((run) => run.target === wanted.target && run.connections === wanted.connections);
}

function describeRuns(runs: readonly Run[]): readonly Measurement[] {
  const [first] = runs;
  if (first === undefined) return [];
  const name = `${first.target}, ${first.connections} connections`;
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  return [
    { name, value: Math.round(median(runs.map((run) => run.requestsPerSecond))), unit: "requests/s" },
    { name: `${name}, p99`, value: significant(median(runs.map((run) => run.latencyMs.p99)), 3), unit: "ms" },
    ...(failures === 0 ? [] : [{ name: `${name}, failed requests`, value: failures, unit: "count" }]),
  ];
}

function ratioGoals(
  connections: number,
  ratio: (target: TargetName, connections: number) => number,
): readonly JudgedGoal[] {
  const goal = { comparison: "at-least", scale: "x workerd" } as const;
  const at = `${connections} connections`;
  return [
    { ...goal, name: `hello, in-process driver, ${at}`, bound: 3, value: ratio("in-process", connections) },
    { ...goal, name: `hello, process driver, ${at}`, bound: 1.5, value: ratio("process", connections) },
  ];
}

function noFailure(value: number): JudgedGoal {
  return { name: "hello, failed requests of both drivers", comparison: "at-most", bound: 0, scale: "", value };
}
