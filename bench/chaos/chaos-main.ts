/**
 * `npm run chaos`: processes of a local fleet are killed while it is used, and nothing that was promised may be lost.
 *
 * The only file of this folder that touches the process. Exit codes: 0 every goal is met, 1 one is not or the run failed, 2 wrong arguments,
 * 130 interrupted.
 */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { endDescendants } from "../harness/end-descendants.ts";
import { measuredCommit } from "../harness/measured-commit.ts";
import { pathWithNode } from "../harness/project-files.ts";
import { findNats, startNats } from "../harness/nats-server.ts";
import { formatReport, reportLine, type ScenarioReport } from "../report/report.ts";
import { chaosUsage, formatChaosRefusal, parseChaosArguments, type ChaosRequest } from "./arguments.ts";
import { reportChaos, runChaos, type ChaosFindings } from "./chaos-run.ts";
import { ChaosWorld, frontCount, nodeCount } from "./chaos-world.ts";

const EXIT_INTERRUPTED = 130;
const SEED_END = 4_294_967_296;

const interrupted = new AbortController();
let ending: Promise<void> = Promise.resolve();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
process.exitCode = await main().catch(async (error: unknown) => {
  if (interrupted.signal.aborted) {
    await ending;
    return EXIT_INTERRUPTED;
  }
  note(`The run failed: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function main(): Promise<number> {
  const parsed = parseChaosArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(formatChaosRefusal(parsed.problems));
    return 2;
  }
  if (parsed.value.help) {
    process.stdout.write(chaosUsage);
    return 0;
  }
  const found = parsed.value.nats ? findNats() : null;
  if (found?.kind === "missing") {
    process.stderr.write(formatChaosRefusal([{ path: "--nats", message: found.reason }]));
    return 2;
  }
  const report = await measure(parsed.value);
  process.stdout.write(formatReport(report));
  if (parsed.value.json) process.stdout.write(`${reportLine(report)}\n`);
  return report.goals.every(({ met }) => met) ? 0 : 1;
}

async function measure({ seconds, nats, seed: wanted }: ChaosRequest): Promise<ScenarioReport> {
  const seed = wanted ?? randomInt(SEED_END);
  const { PATH = "", HOME = "/", LANG = "C.UTF-8" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME, LANG };
  const folder = await mkdtemp(join(tmpdir(), "selvage-chaos-"));
  const flags = `${nats ? "--nats " : ""}--seconds ${String(seconds)} --seed ${String(seed)}`;
  note(`seed ${String(seed)}: npm run chaos -- ${flags}`);
  try {
    const findings = await runInWorld({ folder, env }, { seconds, nats, seed });
    return {
      scenario: "chaos",
      commit: await measuredCommit(env),
      node: process.versions.node,
      cores: availableParallelism(),
      at: new Date().toISOString(),
      settings: { seconds, seed, calls: nats ? "NATS" : "SQLite", nodes: nodeCount, "fronts of a node": frontCount },
      ...reportChaos(findings),
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function runInWorld(
  place: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
  { seconds, seed, nats }: { readonly seconds: number; readonly seed: number; readonly nats: boolean },
): Promise<ChaosFindings> {
  const server = nats ? await startNats() : null;
  try {
    const world = await ChaosWorld.start(place, server);
    try {
      return await runChaos(world, { seconds, seed, note, signal: interrupted.signal });
    } finally {
      await world.stop();
    }
  } finally {
    await server?.stop();
  }
}

/** Ends what was started; the run then fails at its next step and cleans up as it always does. */
function interrupt(): void {
  if (interrupted.signal.aborted) return;
  interrupted.abort();
  note("interrupted: ending what was started");
  ending = endDescendants(process.pid).catch((error: unknown) => {
    note(`some processes may be left: ${String(error)}`);
  });
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
