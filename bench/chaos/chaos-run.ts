/** One run of chaos: load and kills for so many seconds, then everything is there again and what was promised is looked for. */
import { setTimeout as delay } from "node:timers/promises";
import { evaluateGoal, type GoalResult } from "../report/goal.ts";
import type { Measurement } from "../report/report.ts";
import { findCallLosses, newCallLog, runCallLoad, type CallLog, type CallLosses } from "./call-load.ts";
import { chaosDomain, type ChaosWorld } from "./chaos-world.ts";
import { KillPlan } from "./kill-plan.ts";
import {
  findPublishLosses,
  newPublishLog,
  runPublishLoad,
  type PublishLog,
  type PublishLosses,
} from "./publish-load.ts";
import { runRequestLoad, type RequestCounts } from "./request-load.ts";

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Tells whoever waits what is going on. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface ChaosFindings {
  readonly world: Pick<ChaosWorld, "kills" | "downMs">;
  readonly requests: RequestCounts;
  readonly publishes: PublishLog;
  readonly publishLosses: PublishLosses;
  readonly calls: CallLog;
  readonly callLosses: CallLosses;
}

/** @throws when something that was killed does not come back. */
export async function runChaos(world: ChaosWorld, options: ChaosOptions): Promise<ChaosFindings> {
  const { note } = options;
  const publishes = newPublishLog();
  const calls = newCallLog();
  const stop = new AbortController();
  const { signal } = stop;
  const load = {
    nodes: world.nodes.map(({ edgeUrl }) => edgeUrl),
    host: chaosDomain,
    newest: () => publishes.newest,
    signal,
  };
  const requesting = runRequestLoad(load);
  const publishing = runPublishLoad(world, { log: publishes, signal });
  const calling = runCallLoad(world, { log: calls, signal });
  try {
    await killUntilOver(world, options);
    await world.settled();
  } finally {
    stop.abort();
  }
  const [requests] = await Promise.all([requesting, publishing, calling]);
  options.signal.throwIfAborted();
  note("everything is there again: looking for what was promised");
  const publishLosses = await findPublishLosses(world, publishes);
  const callLosses = await findCallLosses(world, calls);
  options.signal.throwIfAborted();
  for (const example of examplesOf({ requests, publishLosses, callLosses })) note(example);
  return { world, requests, publishes, publishLosses, calls, callLosses };
}

async function killUntilOver(world: ChaosWorld, { seconds, seed, note, signal }: ChaosOptions): Promise<void> {
  const plan = new KillPlan(seed);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  for (let kill = plan.next(); performance.now() + kill.afterMs < endMs; kill = plan.next()) {
    await delay(kill.afterMs, null, { signal });
    const killed = await world.kill(kill);
    if (killed !== null) note(`${((performance.now() - startMs) / 1_000).toFixed(1)} s: killed ${killed}`);
  }
  await delay(Math.max(0, endMs - performance.now()), null, { signal });
}

const examplesShown = 5;

function examplesOf(found: Pick<ChaosFindings, "requests" | "publishLosses" | "callLosses">): readonly string[] {
  const { requests, publishLosses, callLosses } = found;
  const shown = (what: string, examples: readonly (string | number)[]): string[] =>
    examples.slice(0, examplesShown).map((example) => `${what}: ${String(example)}`);
  return [
    ...shown("failed request", requests.examples),
    ...shown("publish not at the control plane", publishLosses.atControlPlane),
    ...shown("publish not on a node", publishLosses.atNodes),
    ...shown("older than the last publish", publishLosses.stale),
    ...shown("call not finished", callLosses.unfinished),
    ...shown("record of a call", callLosses.records),
  ];
}

/** Numbers and goals in the form of bench. Pure. */
export function reportChaos(found: ChaosFindings): {
  readonly results: readonly Measurement[];
  readonly goals: readonly GoalResult[];
} {
  const { world, requests, publishes, publishLosses, calls, callLosses } = found;
  const count = (name: string, value: number): Measurement => ({ name, value, unit: "count" });
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
  const by = (what: string, reasons: ReadonlyMap<string, number>): Measurement[] =>
    [...reasons].map(([reason, value]) => count(`${what}: ${reason}`, value));
  const longest = (name: string, times: readonly number[]): Measurement[] =>
    times.length === 0 ? [] : [{ name, value: Math.round(Math.max(...times)), unit: "ms" }];
  const none = { comparison: "at-most", bound: 0, scale: "" } as const;
  // What nobody tried has not been shown to hold.
  const lost = (tried: number, value: number): number | undefined => (tried === 0 ? undefined : value);
  const { atControlPlane, atNodes, stale } = publishLosses;
  return {
    results: [
      ...[...world.kills].map(([target, value]) => count(`killed: ${target}`, value)),
      ...longest("control plane away, longest", world.downMs.controlPlane),
      ...longest("node away, longest", world.downMs.node),
      count("requests", requests.requests),
      count("attempts that one node refused, broke off or left unanswered", requests.attemptsFailed),
      ...by("attempts", requests.reasons),
      count("publishes acknowledged", publishes.acknowledged.length),
      count("publishes without an acknowledgement", sum(publishes.refused.values())),
      ...by("publishes", publishes.refused),
      count("calls accepted", calls.accepted.size),
      count("calls not accepted", sum(calls.refused.values())),
      ...by("calls", calls.refused),
    ],
    goals: [
      evaluateGoal({ ...none, name: "failed requests" }, lost(requests.requests, requests.failed)),
      evaluateGoal(
        { ...none, name: "acknowledged publishes lost" },
        lost(publishes.acknowledged.length, atControlPlane.length + atNodes.length),
      ),
      evaluateGoal({ ...none, name: "nodes that stayed behind" }, lost(publishes.acknowledged.length, stale.length)),
      evaluateGoal(
        { ...none, name: "asynchronous calls lost" },
        lost(calls.accepted.size, callLosses.unfinished.length),
      ),
      evaluateGoal(
        { ...none, name: "records of calls missing, wrong or twice" },
        lost(calls.accepted.size, callLosses.records.length),
      ),
    ],
  };
}
