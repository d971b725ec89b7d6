/**
 * `npm run bench -- <scenario>`: runs one scenario, prints its report and keeps it in bench/results.
 *
 * The only file of this folder that touches the process. Exit codes: 0 done, 1 a goal is not met (with --check) or the scenario
 * failed, 2 wrong arguments, 130 interrupted.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { benchUsage, formatBenchRefusal, parseBenchArguments, type BenchRequest } from "./arguments.ts";
import { endDescendants } from "./harness/end-descendants.ts";
import { measuredCommit } from "./harness/measured-commit.ts";
import { pathWithNode, projectRoot } from "./harness/project-files.ts";
import { findGenerator } from "./load/load-generator.ts";
import { describePeers } from "./peers.ts";
import { evaluateGoal } from "./report/goal.ts";
import { formatReport, reportLine, type ScenarioReport } from "./report/report.ts";
import { scenarios } from "./scenario-list.ts";
import type { Scenario } from "./scenario.ts";

const EXIT_INTERRUPTED = 130;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
process.exitCode = await main().catch((error: unknown) => {
  if (interrupted.signal.aborted) return EXIT_INTERRUPTED;
  throw error;
});

async function main(): Promise<number> {
  const parsed = parseBenchArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(formatBenchRefusal(parsed.problems));
    return 2;
  }
  const request = parsed.value;
  if (request.scenario === null) {
    process.stdout.write(`${benchUsage}\nScenarios:\n${listScenarios()}`);
    return 0;
  }
  if (request.scenario === "peers") {
    process.stdout.write(`${await describePeers(childEnvironment())}\n`);
    return 0;
  }
  const scenario = scenarios.find(({ name }) => name === request.scenario);
  if (scenario === undefined) {
    process.stderr.write(`There is no scenario ${JSON.stringify(request.scenario)}. Scenarios:\n${listScenarios()}`);
    return 2;
  }
  return runScenario(scenario, request);
}

async function runScenario(scenario: Scenario, request: BenchRequest): Promise<number> {
  const report = await measure(scenario, request);
  await mkdir(join(projectRoot, "bench/results"), { recursive: true });
  const file = join(projectRoot, "bench/results", `${scenario.name}.json`);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(formatReport(report));
  if (request.json) process.stdout.write(`${reportLine(report)}\n`);
  return request.check && report.goals.some((goal) => !goal.met) ? 1 : 0;
}

async function measure(scenario: Scenario, { seconds, functions }: BenchRequest): Promise<ScenarioReport> {
  const env = childEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "selvage-bench-"));
  try {
    const generator = await findGenerator(env);
    if (generator === "autocannon") note("wrk is not installed: autocannon is used, which limits every server alike");
    const outcome = await scenario.run({ env, folder, seconds, functions, generator, note });
    return {
      scenario: scenario.name,
      commit: await measuredCommit(env),
      node: process.versions.node,
      cores: availableParallelism(),
      at: new Date().toISOString(),
      settings: outcome.settings,
      results: outcome.results,
      goals: outcome.goals.map((goal) => evaluateGoal(goal, goal.value)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ends what the scenario started; the scenario then fails at its next step and cleans up as it always does. */
function interrupt(): void {
  if (interrupted.signal.aborted) return;
  interrupted.abort();
  note("interrupted: ending what was started");
  endDescendants(process.pid).catch((error: unknown) => {
    note(`some processes may be left: ${String(error)}`);
  });
}

function listScenarios(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length), "peers".length);
  const lines = scenarios.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `${lines.join("")}  ${"peers".padEnd(width)}  Says which other programs scenarios use and how to get them.\n`;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** No setting of Selvage leaks into what is measured. */
function childEnvironment(): Record<string, string> {
  const { PATH = "", HOME = "/", LANG = "C.UTF-8" } = process.env;
  return { PATH: pathWithNode(PATH), HOME, LANG };
}
