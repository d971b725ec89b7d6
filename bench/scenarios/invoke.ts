/**
 * Synchronous invocations by REST of a warm event function that gives its event back, through control plane, node, front and isolate host.
 *
 * One control plane on SQLite and one node, both in their default shape, on the machine that also makes the load. Every answer outside 2xx is a failure;
 * that an answer is the one to its own event is checked before and after the load with events that differ.
 */
import { LocalFleet } from "../harness/local-fleet.ts";
import { putLoad } from "../load/load-generator.ts";
import type { LoadResult } from "../load/load-result.ts";
import { median, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const invoke: Scenario = {
  name: "invoke",
  summary: "Synchronous REST invocations a second of a warm echo function.",
  run,
};

const FUNCTION = "echo";
const SOURCE = "exports.handler = async (event, context) => event;";
const EVENT = { order: 1234, items: ["a", "b"], note: "an event of a usual size for a small service" };
const ROUNDS = 3;
const CONNECTIONS = [1, 32, 128, 256] as const;
/** Events sent at once to check whose answer is whose. */
const CHECKED = 200;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    await fleet.startNode({ name: "node", settings: {} });
    await fleet.client.createFunction({ name: FUNCTION });
    await fleet.client.publish(FUNCTION, {
      source: { kind: "inline", code: SOURCE, language: "js" },
      event: {},
      limits: { concurrency: 100 },
    });
    await expectOwnAnswers(fleet);
    await load(fleet, { context, connections: 32, seconds: 1 });
    const runs = new Map<number, LoadResult[]>(CONNECTIONS.map((connections) => [connections, []]));
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [connections, results] of runs) {
        const result = await load(fleet, { context, connections, seconds: context.seconds });
        results.push(result);
        const rate = Math.round(result.requestsPerSecond).toLocaleString("en-US");
        context.note(`round ${round} of ${ROUNDS}, ${connections} connections: ${rate} invocations/s`);
      }
    }
    await expectOwnAnswers(fleet);
    return describe(runs, context);
  } finally {
    await fleet.stop();
  }
}

function load(
  { controlUrl, adminToken: token }: LocalFleet,
  run: { readonly context: ScenarioContext; readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  const { context, connections, seconds } = run;
  const { host } = new URL(controlUrl);
  const url = `${controlUrl}/v1/functions/${FUNCTION}/invocations`;
  const post = { json: JSON.stringify({ event: EVENT }), token };
  return putLoad({ generator: context.generator, url, host, connections, seconds, post }, context.env);
}

/** @throws Error when an answer is not its own event. */
async function expectOwnAnswers({ client }: LocalFleet): Promise<void> {
  const check = async (number: number): Promise<void> => {
    const event = { ...EVENT, number };
    const { outcome } = await client.invoke(FUNCTION, { event });
    const text = outcome.kind === "response" ? Buffer.from(outcome.body, "base64").toString() : JSON.stringify(outcome);
    if (text !== JSON.stringify(event))
      throw new Error(`Sent ${JSON.stringify(event)}, received ${text.slice(0, 300)}`);
  };
  await Promise.all(Array.from({ length: CHECKED }, (_, number) => check(number)));
}

function describe(
  runs: ReadonlyMap<number, readonly LoadResult[]>,
  { generator, seconds }: ScenarioContext,
): ScenarioOutcome {
  const of = (results: readonly LoadResult[], value: (result: LoadResult) => number): number =>
    significant(median(results.map(value)), 4);
  const best = Math.max(...[...runs.values()].map((results) => of(results, (result) => result.requestsPerSecond)));
  const failures = [...runs.values()].flat().reduce((sum, result) => sum + result.failures, 0);
  return {
    settings: { generator, seconds, rounds: ROUNDS, driver: "process", fronts: "default" },
    results: [...runs].flatMap(([connections, results]) => [
      {
        name: `${connections} connections`,
        value: of(results, (result) => result.requestsPerSecond),
        unit: "invocations/s",
      },
      { name: `${connections} connections, p50`, value: of(results, (result) => result.latencyMs.p50), unit: "ms" },
      { name: `${connections} connections, p99`, value: of(results, (result) => result.latencyMs.p99), unit: "ms" },
    ]),
    goals: [
      {
        name: "invoke, best of 1, 32, 128 and 256 connections",
        comparison: "at-least",
        bound: 5_000,
        scale: "invocations/s",
        value: best,
      },
      { name: "invoke, failed requests", comparison: "at-most", bound: 0, scale: "", value: failures },
    ],
  };
}
