/**
 * Throughput of a large body through a TransformStream in a function, beside workerd running the same file.
 *
 * An origin serves the body, the function pipes it, a client counts and checks every byte. Runs alternate between the targets; the
 * ratio is of pairs. Memory is the resident set of all processes of the node, its peak during the measured runs against what it
 * was just before them. Invariant: a body of another length or checksum is an error.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BodyServer } from "../harness/body-server.ts";
import { download } from "../harness/download.ts";
import { publishInline, setDomain } from "../harness/fleet-setup.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { watchPeakMemory } from "../harness/process-memory.ts";
import { projectRoot } from "../harness/project-files.ts";
import { startWorkerd } from "../harness/workerd.ts";
import type { Measurement } from "../report/report.ts";
import { median, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const stream: Scenario = {
  name: "stream",
  summary: "MiB per second of a 256 MiB body through a TransformStream in a function, beside workerd doing the same.",
  run,
};

type TargetName = "process" | "workerd";

interface Target {
  readonly name: TargetName;
  readonly url: string;
}

interface Rates {
  readonly process: readonly number[];
  readonly workerd: readonly number[];
}

const HOST = "bench.test";
const MIB = 1_048_576;
const BODY_MIB = 256;
const WARM_UP_MIB = 64;
const ROUNDS = 3;
const RUN_MS_MAX = 60_000;
const streamFile = join(projectRoot, "bench/functions/stream.js");

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const { env, folder } = context;
  const origin = await BodyServer.start();
  try {
    const workerd = await startWorkerd({
      moduleFile: streamFile,
      folder: join(folder, "workerd"),
      env,
      networks: ["public", "private"],
    });
    try {
      const fleet = await LocalFleet.start({ folder: join(folder, "fleet"), env });
      try {
        const settings = {
          SELVAGE_NODE_DRIVER: "process",
          SELVAGE_NODE_FRONTS: "1",
          SELVAGE_NODE_EGRESS_ALLOW_NETWORKS: "127.0.0.0/8",
        };
        const node = await fleet.startNode({ name: "node", settings });
        const code = await readFile(streamFile, "utf8");
        const { version } = await publishInline(fleet, { name: "stream", code, limits: { cpuMs: 30_000 } });
        const rule = { phase: "fetch", matchType: "all", function: "stream", version, priority: 1 } as const;
        await setDomain(fleet, { domain: HOST, rules: [rule] });
        const targets: readonly Target[] = [
          { name: "process", url: node.edgeUrl },
          { name: "workerd", url: workerd.url },
        ];
        for (const target of targets) await pipeThrough(target, { origin, mebibytes: WARM_UP_MIB });
        const memory = await watchPeakMemory(node.pid);
        const rates = await measure(targets, { origin, context });
        return summarise(rates, { memory: await memory.stop(), workerdVersion: workerd.version });
      } finally {
        await fleet.stop();
      }
    } finally {
      await workerd.stop();
    }
  } finally {
    await origin.stop();
  }
}

async function measure(
  targets: readonly Target[],
  about: { readonly origin: BodyServer; readonly context: ScenarioContext },
): Promise<Rates> {
  const rates: Record<TargetName, number[]> = { process: [], workerd: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
      const rate = await pipeThrough(target, { origin: about.origin, mebibytes: BODY_MIB });
      rates[target.name].push(rate);
      about.context.note(`round ${round + 1} of ${ROUNDS}, ${target.name}: ${rate.toFixed(0)} MiB/s`);
    }
  }
  return rates;
}

/** MiB per second. @throws Error when not every byte arrived. */
async function pipeThrough(
  target: Target,
  { origin, mebibytes }: { readonly origin: BodyServer; readonly mebibytes: number },
): Promise<number> {
  const bytes = mebibytes * MIB;
  const url = `${target.url}/?origin=${encodeURIComponent(`${origin.url}/${bytes}`)}`;
  const answer = await download({ url, host: HOST, deadlineMs: RUN_MS_MAX });
  if (answer.status !== 200 || answer.bytes !== bytes || answer.checksum !== origin.checksum(bytes)) {
    throw new Error(
      `${target.name} does not pass the body on: received ${answer.status}, ${answer.bytes} of ${bytes} bytes`,
    );
  }
  return mebibytes / (answer.totalMs / 1_000);
}

function summarise(
  rates: Rates,
  about: { readonly memory: { readonly beforeMiB: number; readonly peakMiB: number }; readonly workerdVersion: string },
): ScenarioOutcome {
  const own = significant(median(rates.process), 4);
  const peer = significant(median(rates.workerd), 4);
  const ratio = significant(median(rates.process.map((rate, round) => rate / (rates.workerd[round] ?? Number.NaN))), 4);
  const growth = significant(about.memory.peakMiB - about.memory.beforeMiB, 4);
  const results: readonly Measurement[] = [
    { name: "process driver", value: own, unit: "MiB/s" },
    { name: "workerd", value: peer, unit: "MiB/s" },
    { name: "process driver / workerd", value: ratio, unit: "x" },
    { name: "memory before", value: significant(about.memory.beforeMiB, 4), unit: "MiB" },
    { name: "memory growth at its peak", value: growth, unit: "MiB" },
  ];
  const throughput =
    own >= 300
      ? ({ name: "stream, throughput", comparison: "at-least", bound: 300, scale: "MiB/s", value: own } as const)
      : ({
          name: "stream, throughput below 300 MiB/s",
          comparison: "at-least",
          bound: 0.8,
          scale: "x workerd",
          value: ratio,
        } as const);
  return {
    settings: { driver: "process", frontsPerNode: 1, bodyMiB: BODY_MIB, rounds: ROUNDS, workerd: about.workerdVersion },
    results,
    goals: [
      throughput,
      { name: "stream, memory growth", comparison: "at-most", bound: 64, scale: "MiB", value: growth },
    ],
  };
}
