/**
 * `npm run hostile`: hostile functions on a real node beside a neighbour that must not notice.
 *
 * The only file of this folder that touches the process. Exit codes: 0 done, 1 a goal is not met (with --check) or the run failed, 2 wrong
 * arguments, 130 interrupted.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { endDescendants } from "../../bench/harness/end-descendants.ts";
import { measuredCommit } from "../../bench/harness/measured-commit.ts";
import { pathWithNode, projectRoot } from "../../bench/harness/project-files.ts";
import { reportLine } from "../../bench/report/report.ts";
import { formatHostileRefusal, hostileUsage, parseHostileArguments } from "./arguments.ts";
import { atOnce, attackLimits, requestCount } from "./attack.ts";
import { runCorpus, type CorpusRun } from "./corpus.ts";
import {
  formatHostileReport,
  formatProgram,
  makeHostileReport,
  reportProgram,
  type HostileReport,
} from "./hostile-report.ts";
import { HostileWorld } from "./hostile-world.ts";
import { readPrograms, type HostileProgram } from "./program-files.ts";

const EXIT_INTERRUPTED = 130;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
process.exitCode = await main().catch((error: unknown) => {
  if (interrupted.signal.aborted) return EXIT_INTERRUPTED;
  throw error;
});

async function main(): Promise<number> {
  const parsed = parseHostileArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(formatHostileRefusal(parsed.problems));
    return 2;
  }
  const request = parsed.value;
  if (request.help) {
    process.stdout.write(hostileUsage);
    return 0;
  }
  const folder = request.dir === null ? join(import.meta.dirname, "programs") : resolve(request.dir);
  const programs = await readPrograms(folder, request.only).catch((error: unknown) => String(error));
  if (typeof programs === "string") {
    process.stderr.write(formatHostileRefusal([{ path: "programs", message: programs }]));
    return 2;
  }
  const report = await measure(programs);
  if (request.dir === null && request.only.length === 0) {
    await writeFile(join(projectRoot, "bench/results/hostile.json"), `${JSON.stringify(report, null, 2)}\n`);
  }
  process.stdout.write(formatHostileReport(report));
  if (request.json) process.stdout.write(`${reportLine(report)}\n`);
  return request.check && report.goals.some(({ met }) => !met) ? 1 : 0;
}

async function measure(programs: readonly HostileProgram[]): Promise<HostileReport> {
  const { PATH = "", HOME = "/", LANG = "C.UTF-8" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME, LANG };
  const folder = await mkdtemp(join(tmpdir(), "selvage-hostile-"));
  try {
    const corpus = await runInWorld(programs, { folder, env });
    const { wallMs, fetchWallMs } = attackLimits;
    const settings = { requests: requestCount, "at once": atOnce, wallMs, fetchWallMs };
    const cores = availableParallelism();
    const head = {
      commit: await measuredCommit(env),
      node: process.versions.node,
      cores,
      at: new Date().toISOString(),
    };
    return makeHostileReport({ ...head, settings }, corpus);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function runInWorld(
  programs: readonly HostileProgram[],
  place: Parameters<typeof HostileWorld.start>[0],
): Promise<CorpusRun> {
  const world = await HostileWorld.start(place);
  try {
    return await runCorpus(programs, {
      world,
      rootPid: process.pid,
      signal: interrupted.signal,
      onRun: (run, alone) => process.stdout.write(formatProgram(reportProgram(run, alone))),
    });
  } finally {
    await world.stop();
  }
}

/** Ends what was started; the run then fails at its next step and cleans up as it always does. */
function interrupt(): void {
  if (interrupted.signal.aborted) return;
  interrupted.abort();
  process.stderr.write("interrupted: ending what was started\n");
  endDescendants(process.pid).catch((error: unknown) => {
    process.stderr.write(`some processes may be left: ${String(error)}\n`);
  });
}
