/**
 * From the author's command to the served answer: `selvage publish` until the node serves the new version, and `selvage dev` from
 * a saved file to the served change.
 *
 * Both run the real command line tool and look at real HTTP answers. The publish time includes the start of the tool itself.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { setDomain } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { startDev } from "../harness/dev-server.ts";
import { LocalFleet } from "../harness/local-fleet.ts";
import { waitFor } from "../harness/wait-for.ts";
import type { Measurement } from "../report/report.ts";
import { percentile, significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const publish: Scenario = {
  name: "publish",
  summary: "From `selvage publish`, and from saving under `selvage dev`, to the served answer.",
  run,
};

const HOST = "bench.test";
const ROUNDS = 30;
/** Pause before each save, so that a save is never part of the change before it. */
const PAUSE_MS = 300;
const SERVED_MS_MAX = 20_000;
/** Often enough to be exact, seldom enough not to compete with what is measured. */
const LOOK_EVERY_MS = 10;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const publishMs = await measurePublish(context);
  const devMs = await measureDev(context);
  return {
    settings: { rounds: ROUNDS, driver: "process", nodes: 1 },
    results: [...describe("publish to served", publishMs), ...describe("dev save to served", devMs)],
    goals: [
      {
        name: "publish to served, p95",
        comparison: "at-most",
        bound: 1_000,
        scale: "ms",
        value: significant(percentile(publishMs, 95), 4),
      },
      {
        name: "dev save to served, p95",
        comparison: "at-most",
        bound: 300,
        scale: "ms",
        value: significant(percentile(devMs, 95), 4),
      },
    ],
  };
}

async function measurePublish(context: ScenarioContext): Promise<readonly number[]> {
  const project = await writeProject(join(context.folder, "publish-project"));
  const fleet = await LocalFleet.start({ folder: join(context.folder, "fleet"), env: context.env });
  try {
    const node = await fleet.startNode({ name: "node", settings: {} });
    await publishOnce(fleet, project);
    const rule = { phase: "fetch", matchType: "all", function: "bench", alias: "live", priority: 1 } as const;
    await setDomain(fleet, { domain: HOST, rules: [rule] });
    const samples: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await project.write(`release ${round}`);
      const startedAt = performance.now();
      const [servedAt] = await Promise.all([
        whenServed({ url: node.edgeUrl, host: HOST }, `release ${round}`),
        publishOnce(fleet, project),
      ]);
      samples.push(servedAt - startedAt);
      context.note(`publish ${round} of ${ROUNDS}: ${Math.round(servedAt - startedAt)} ms`);
    }
    return samples;
  } finally {
    await fleet.stop();
  }
}

async function measureDev(context: ScenarioContext): Promise<readonly number[]> {
  const project = await writeProject(join(context.folder, "dev-project"));
  const dev = await startDev({ folder: project.folder, env: context.env });
  try {
    await whenServed(dev, "release 0");
    const samples: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await delay(PAUSE_MS);
      const startedAt = performance.now();
      await project.write(`release ${round}`);
      const servedAt = await whenServed(dev, `release ${round}`);
      samples.push(servedAt - startedAt);
      context.note(`save ${round} of ${ROUNDS}: ${Math.round(servedAt - startedAt)} ms`);
    }
    return samples;
  } finally {
    await dev.stop();
  }
}

interface Project {
  readonly folder: string;
  /** Saves the function so that it answers `text`. */
  write(text: string): Promise<void>;
}

async function writeProject(folder: string): Promise<Project> {
  const project: Project = {
    folder,
    write: (text) => writeFile(join(folder, "index.ts"), functionSource(text)),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "selvage.json"), JSON.stringify({ name: "bench", entry: "index.ts" }));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "bench", private: true, type: "module" }));
  await project.write("release 0");
  return project;
}

function functionSource(text: string): string {
  return `const text: string = ${JSON.stringify(text)};
export default {
  fetch(): Response {
    return new Response(text);
  },
};
`;
}

async function publishOnce(fleet: LocalFleet, project: Project): Promise<void> {
  const { code, stdout, stderr } = await fleet.cli(["publish", "--alias", "live"], { cwd: project.folder });
  if (code !== 0) throw new Error(`selvage publish failed: ${stderr}${stdout}`);
}

/** The moment at which `text` was served. Until then, the answer before it or a refusal while starting is expected. */
async function whenServed(target: { readonly url: string; readonly host?: string }, text: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    return await waitFor(
      async () => {
        const answer = await sendRequest({ ...target, agent });
        return answer.body.toString() === text ? performance.now() : null;
      },
      { what: `${JSON.stringify(text)} at ${target.url}`, deadlineMs: SERVED_MS_MAX, everyMs: LOOK_EVERY_MS },
    );
  } finally {
    agent.destroy();
  }
}

function describe(name: string, samples: readonly number[]): readonly Measurement[] {
  return [50, 95, 100].map((percent) => {
    const label = percent === 100 ? "maximum" : `p${percent}`;
    return { name: `${name}, ${label}`, value: significant(percentile(samples, percent), 4), unit: "ms" };
  });
}
