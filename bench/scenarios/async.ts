/**
 * Asynchronous calls: how many are accepted and how many are run a second, and that none is lost when the control plane is killed.
 *
 * One control plane on SQLite (write-ahead log, synchronous=FULL: what is accepted is on the disk; those that arrive together share one wait). First
 * calls are accepted without a node. Then the control plane is killed with kill -9 while it accepts more, and started again. At last a node runs all of
 * them, and every id that was answered with 202 must have finished.
 */
import { LocalFleet } from "../harness/local-fleet.ts";
import { waitFor } from "../harness/wait-for.ts";
import { acceptCalls, type Accepted } from "../load/accept-calls.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const async: Scenario = {
  name: "async",
  summary: "Asynchronous calls accepted and run a second; 100,000 queued ones survive kill -9 of the control plane.",
  run: (context) => measureAsync(context, QUEUED),
};

const QUEUED = 100_000;
const CONNECTIONS = 128;
/** Of accepting what is to be queued, seconds; and of running it. */
const FILL_SECONDS_MAX = 600;
const DRAIN_MS_MAX = 600_000;
const FUNCTION = "echo";
const source = "exports.handler = async (event, context) => event;";

export async function measureAsync(context: ScenarioContext, queued: number): Promise<ScenarioOutcome> {
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    await publish(fleet);
    const accepted = await accept(fleet, { count: Number.MAX_SAFE_INTEGER, seconds: context.seconds });
    const perSecond = (accepted.ids.length / accepted.elapsedMs) * 1_000;
    context.note(`accepted ${Math.round(perSecond)} calls a second`);
    const more = await acceptUntilKilled(fleet, Math.max(1, queued - accepted.ids.length));
    context.note(`killed with ${accepted.ids.length + more.ids.length} calls queued`);
    await fleet.startControlPlane();
    const ids = [...accepted.ids, ...more.ids];
    const drained = await drain(fleet, { count: ids.length, context });
    const lost = ids.length - (await countFinished(fleet, ids));
    context.note(`ran ${Math.round(drained)} calls a second, ${lost} of ${ids.length} were lost`);
    return {
      settings: { connections: CONNECTIONS, seconds: context.seconds, queued: ids.length, fsync: "every commit" },
      results: [
        ...[50, 99].map((percent) => ({
          name: `accepting, p${percent}`,
          value: significant(percentile(accepted.latenciesMs, percent), 3),
          unit: "ms",
        })),
        { name: "requests refused while accepting", value: accepted.failures, unit: "count" },
      ],
      goals: goals({ accepted: perSecond, drained, queued: ids.length, lost }),
    };
  } finally {
    await fleet.stop();
  }
}

function goals(measured: {
  readonly accepted: number;
  readonly drained: number;
  readonly queued: number;
  readonly lost: number;
}): ScenarioOutcome["goals"] {
  const { accepted, drained, queued, lost } = measured;
  return [
    {
      name: "async, accepted",
      comparison: "at-least",
      bound: 2_000,
      scale: "calls/s",
      value: significant(accepted, 4),
    },
    { name: "async, drained", comparison: "at-least", bound: 1_000, scale: "calls/s", value: significant(drained, 4) },
    { name: "async, queued at kill -9", comparison: "at-least", bound: QUEUED, scale: "calls", value: queued },
    { name: "async, lost by kill -9", comparison: "at-most", bound: 0, scale: "calls", value: lost },
  ];
}

async function publish({ client }: LocalFleet): Promise<void> {
  await client.createFunction({ name: FUNCTION });
  await client.publish(FUNCTION, {
    source: { kind: "inline", code: source, language: "js" },
    event: {},
    limits: { concurrency: 100 },
    waitSeconds: 0,
  });
}

function accept(
  fleet: LocalFleet,
  bounds: { readonly count: number; readonly seconds: number; readonly onAccepted?: (count: number) => void },
): Promise<Accepted> {
  const { controlUrl, adminToken: token } = fleet;
  return acceptCalls({ controlUrl, token, functionName: FUNCTION, connections: CONNECTIONS, ...bounds });
}

/** The control plane is killed as soon as `count` more were accepted, while further requests are under way. */
async function acceptUntilKilled(fleet: LocalFleet, count: number): Promise<Accepted> {
  const killing: Promise<void>[] = [];
  const accepted = await accept(fleet, {
    count: count * 2,
    seconds: FILL_SECONDS_MAX,
    onAccepted: (sofar) => {
      if (sofar === count) killing.push(fleet.killControlPlane());
    },
  });
  await Promise.all(killing);
  return accepted;
}

/** Calls run a second, from the node's first to the last. */
async function drain(
  fleet: LocalFleet,
  { count, context }: { readonly count: number; readonly context: ScenarioContext },
): Promise<number> {
  await fleet.startNode({ name: "node", settings: {} });
  const isEmpty = async (state: "finish" | "wait" | "running"): Promise<boolean> =>
    (await fleet.client.calls.list({ state, limit: 1 })).calls.length === 0;
  const deadlineMs = DRAIN_MS_MAX;
  await waitFor(async () => ((await isEmpty("finish")) ? null : true), { what: "the first call", deadlineMs });
  const startedAt = performance.now();
  context.note("the node runs what was queued");
  const isDone = async (): Promise<true | null> =>
    (await isEmpty("wait")) && (await isEmpty("running")) ? true : null;
  await waitFor(isDone, { what: "all calls", deadlineMs, everyMs: 100 });
  return (count / (performance.now() - startedAt)) * 1_000;
}

/** How many of `ids` are shown as finished. */
async function countFinished(fleet: LocalFleet, ids: readonly string[]): Promise<number> {
  const missing = new Set(ids);
  for (let cursor: string | null | undefined; cursor !== null && missing.size > 0;) {
    const page = await fleet.client.calls.list({ state: "finish", limit: 1_000, cursor });
    for (const { requestId } of page.calls) missing.delete(requestId);
    cursor = page.next;
  }
  return ids.length - missing.size;
}
