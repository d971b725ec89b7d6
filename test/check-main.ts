/**
 * `npm run check` and `npm test`: formatting, lint, types and tests, and with `--with-demo` the demo.
 *
 * Runs every step whatever the others say. The last line is `N passed, N failed`, each step beside the tests counting as one;
 * the exit code is 0 when nothing failed. Before it come the servers that were missing and what that left untested; with `--all-servers`
 * each of them is a failure. Further arguments go to vitest.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { addTallies, runStep, type CheckStep, type StepContext, type Tally } from "./checks/check-step.ts";
import { describeMissing, missingServers } from "./checks/test-servers.ts";
import { vitestTally } from "./checks/vitest-tally.ts";

const root = dirname(import.meta.dirname);
const bin = join(root, "node_modules", ".bin");
const quickMs = 300_000;
const testsMs = 1_800_000;

const scratch = await mkdtemp(join(tmpdir(), "selvage-check-"));
try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function main(args: readonly string[]): Promise<number> {
  const withDemo = args.includes("--with-demo");
  const context: StepContext = {
    cwd: root,
    env: process.env,
    write: (text) => process.stdout.write(text),
    monotonicMs: () => performance.now(),
  };
  let total: Tally = { passed: 0, failed: 0 };
  const vitestArgs = args.filter((argument) => !["--with-demo", "--all-servers"].includes(argument));
  for (const step of [...staticSteps(), testStep(vitestArgs), ...(withDemo ? [demoStep()] : [])]) {
    total = addTallies(total, await runStep(step, context));
  }
  const missing = missingServers();
  process.stdout.write(describeMissing(missing));
  if (args.includes("--all-servers")) total = addTallies(total, { passed: 0, failed: missing.length });
  process.stdout.write(`${String(total.passed)} passed, ${String(total.failed)} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

function staticSteps(): CheckStep[] {
  const tsc = (project: string): CheckStep => quick(`types in ${project}`, "tsc", ["--project", project]);
  return [
    quick("formatting", "prettier", ["--check", "."]),
    quick("lint", "oxlint", ["--type-aware", "--deny-warnings"]),
    tsc("tsconfig.json"),
    tsc("runtime/guest/tsconfig.json"),
    tsc("runtime/guest/node/tsconfig.json"),
    tsc("sdk/examples/tsconfig.json"),
    tsc("test/apps/tsconfig.json"),
    tsc("test/apps/tsconfig.foreign.json"),
  ];
}

function quick(name: string, program: string, args: readonly string[]): CheckStep {
  return { name, program: join(bin, program), args, live: false, deadlineMs: quickMs };
}

function testStep(vitestArgs: readonly string[]): CheckStep {
  const report = join(scratch, "vitest.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  return {
    name: "tests",
    program: join(bin, "vitest"),
    args: ["run", ...reporters, ...vitestArgs],
    live: true,
    deadlineMs: testsMs,
    count: () => vitestTally(report),
  };
}

function demoStep(): CheckStep {
  const args = [join(root, "test", "demo", "demo-main.ts"), "--once"];
  return { name: "demo", program: process.execPath, args, live: true, deadlineMs: quickMs };
}
