/**
 * A whole corpus: what the node holds before, every program after the other, what it holds afterwards.
 *
 * The neighbour's time alone is measured in a quiet stretch before the first program and a short one after each.
 */
import { setTimeout as delay } from "node:timers/promises";
import { attack } from "./attack.ts";
import type { HostileWorld } from "./hostile-world.ts";
import type { ProgramRun } from "./judge.ts";
import { clockMs, medianOf, summariseNeighbour, type NeighbourSummary } from "./neighbour-samples.ts";
import { NeighbourTraffic } from "./neighbour-traffic.ts";
import { measureResources, settledResources, type Resources } from "./node-resources.ts";
import type { HostileProgram } from "./program-files.ts";

export interface CorpusOptions {
  readonly world: HostileWorld;
  /** Of the runner, whose children the node and the control plane are. */
  readonly rootPid: number;
  readonly signal: AbortSignal;
  /** A program is through; `alone` is the neighbour without attack, so far. */
  onRun(run: ProgramRun, alone: NeighbourSummary): void;
  /** Seconds of quiet before the first program. Default 5. */
  readonly quietSeconds?: number;
}

export interface CorpusRun {
  readonly runs: readonly ProgramRun[];
  readonly alone: NeighbourSummary;
  /** All requests of the neighbour, attacks and quiet together. */
  readonly neighbour: NeighbourSummary;
  readonly before: Resources;
  readonly after: Resources;
}

const WARM_MS = 2_000;
const QUIET_MS = 1_000;
const SETTLE_MS = 60_000;
/** Connections of the neighbour's clients are closed, and the node has seen it. */
const CLOSED_MS = 2_000;
export const memoryGrowthMax = 1.2;

/** Publishing, serving and removing once makes everything start that later runs find started. */
const harmless: HostileProgram = {
  name: "harmless",
  attack: "nothing",
  language: "js",
  limits: {},
  code: `export default { fetch: () => new Response("harmless") };`,
};

export async function runCorpus(programs: readonly HostileProgram[], options: CorpusOptions): Promise<CorpusRun> {
  const { world, rootPid } = options;
  const measure = (): Promise<Resources> => measureResources(rootPid, world.node.pid);
  await warmUp(world);
  const before = await measure();
  const traffic = await NeighbourTraffic.start(world.neighbourPlan);
  const attacked = await attackAll(programs, options, traffic);
  await delay(CLOSED_MS);
  const isBack = ({ descriptors, nodeMiB, processes }: Resources): boolean =>
    descriptors <= before.descriptors && processes <= before.processes && nodeMiB <= before.nodeMiB * memoryGrowthMax;
  const after = await settledResources(measure, { isBack, deadlineMs: SETTLE_MS });
  return { ...attacked, neighbour: summariseNeighbour(traffic.samples), before, after };
}

async function warmUp(world: HostileWorld): Promise<void> {
  const traffic = await NeighbourTraffic.start(world.neighbourPlan);
  try {
    await delay(WARM_MS);
    await attack(harmless, { world, traffic, number: 0 });
  } finally {
    await traffic.stop();
  }
  await delay(CLOSED_MS);
}

async function attackAll(
  programs: readonly HostileProgram[],
  options: CorpusOptions,
  traffic: NeighbourTraffic,
): Promise<Pick<CorpusRun, "runs" | "alone">> {
  const { world, signal, quietSeconds = 5 } = options;
  const quiet: NeighbourSummary[] = [];
  const rest = async (): Promise<void> => {
    const fromMs = clockMs();
    await delay(QUIET_MS);
    quiet.push(summariseNeighbour(await traffic.seen(fromMs)));
  };
  const runs: ProgramRun[] = [];
  try {
    for (let second = 0; second < quietSeconds; second++) await rest();
    for (const [index, program] of programs.entries()) {
      signal.throwIfAborted();
      const run = await attack(program, { world, traffic, number: index + 1 });
      await rest();
      runs.push(run);
      options.onRun(run, medianOf(quiet));
    }
  } finally {
    await traffic.stop();
  }
  return { runs, alone: medianOf(quiet) };
}
