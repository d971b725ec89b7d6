/**
 * `npm run sdk-compat`: the official client of FunctionGraph against a control plane with one node; each step is a goal.
 *
 * The only file of this folder that touches the process. Exit codes: 0 every step held, 1 one did not, 2 wrong arguments.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { compatSteps } from "./compat-steps.ts";
import { startCompatWorld } from "./compat-world.ts";
import { runSteps } from "./run-steps.ts";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((word) => word !== "--json");
if (unknown.length > 0) {
  process.stderr.write(`Usage: npm run sdk-compat [-- --json]\nreceived ${unknown.join(" ")}, allowed: --json\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const { PATH = "", HOME = "/" } = process.env;
  const folder = await mkdtemp(join(tmpdir(), "selvage-sdk-compat-"));
  try {
    const world = await startCompatWorld({ folder, env: { PATH: pathWithNode(PATH), HOME } });
    try {
      const goals = await runSteps(compatSteps, world);
      const met = goals.filter((goal) => goal.met).length;
      for (const goal of goals)
        process.stdout.write(`${goal.met ? "ok  " : "FAIL"} ${goal.name}${goal.met ? "" : `: ${goal.reason}`}\n`);
      process.stdout.write(`${met} of ${goals.length} steps held\n`);
      if (wanted.includes("--json")) process.stdout.write(`${JSON.stringify({ scenario: "sdk-compat", goals })}\n`);
      return met === goals.length ? 0 : 1;
    } finally {
      await world.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
