/**
 * What clients notice when the control plane dies: kill -9 in the middle of load, and a node that restarts without it.
 *
 * The node is restarted twice: in the orderly way and by kill -9. Afterwards the control plane comes back and a publish must reach the node.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { publishInline, setDomain, waitUntilServed } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../harness/local-fleet.ts";
import { projectRoot } from "../harness/project-files.ts";
import { waitFor } from "../harness/wait-for.ts";
import { putLoad } from "../load/load-generator.ts";
import { significant } from "../report/statistics.ts";
import type { Scenario, ScenarioContext, ScenarioOutcome } from "../scenario.ts";

export const failover: Scenario = {
  name: "failover",
  summary: "Control plane killed under load: failed requests, and how soon a restarted node serves from its disk.",
  run,
};

const HOST = "bench.test";
const CONNECTIONS = 8;
const SERVING_MS_MAX = 20_000;

async function run(context: ScenarioContext): Promise<ScenarioOutcome> {
  const hello = await readFile(join(projectRoot, "bench/functions/hello.js"), "utf8");
  const fleet = await LocalFleet.start({ folder: context.folder, env: context.env });
  try {
    const node = await fleet.startNode({ name: "node", settings: {} });
    await publishInline(fleet, { name: "hello", code: hello, aliases: ["live"] });
    const rule = { phase: "fetch", matchType: "all", function: "hello", alias: "live", priority: 1 } as const;
    await setDomain(fleet, { domain: HOST, rules: [rule] });

    const load = await loadWhileKilling(fleet, { node, context });
    context.note(`control plane killed: ${load.failures} of ${load.requests} requests failed`);
    await node.stop();
    const afterStopMs = await restart(node);
    await node.kill();
    const afterKillMs = await restart(node);
    context.note(
      `node serves ${Math.round(afterStopMs)} ms after an orderly stop, ${Math.round(afterKillMs)} ms after kill -9`,
    );
    const backMs = await publishAfterReturn(fleet, node);
    return {
      settings: { generator: context.generator, connections: CONNECTIONS, seconds: context.seconds },
      results: [
        { name: "requests while the control plane was killed", value: load.requests, unit: "count" },
        { name: "node serves after an orderly restart", value: significant(afterStopMs, 4), unit: "ms" },
        { name: "node serves after kill -9 and restart", value: significant(afterKillMs, 4), unit: "ms" },
        { name: "control plane back: start to first publish served", value: significant(backMs, 4), unit: "ms" },
      ],
      goals: [
        { name: "failover, failed requests", comparison: "at-most", bound: 0, scale: "", value: load.failures },
        {
          name: "failover, node serves from disk",
          comparison: "at-most",
          bound: 2_000,
          scale: "ms",
          value: significant(Math.max(afterStopMs, afterKillMs), 4),
        },
      ],
    };
  } finally {
    await fleet.stop();
  }
}

async function loadWhileKilling(
  fleet: LocalFleet,
  { node, context }: { readonly node: FleetNode; readonly context: ScenarioContext },
): Promise<{ readonly requests: number; readonly failures: number }> {
  const { env, generator, seconds } = context;
  const running = putLoad({ generator, url: `${node.edgeUrl}/x`, host: HOST, connections: CONNECTIONS, seconds }, env);
  await delay((seconds * 1_000) / 2);
  await fleet.killControlPlane();
  return running;
}

/** Milliseconds from starting the node's process to its first right answer. */
async function restart(node: FleetNode): Promise<number> {
  const startedAt = performance.now();
  await node.spawn();
  return waitFor(
    async () => {
      const answer = await sendRequest({ url: `${node.edgeUrl}/x`, host: HOST });
      return answer.body.toString() === "Hello from the edge: /x" ? performance.now() - startedAt : null;
    },
    { what: "the node's answer without a control plane", deadlineMs: SERVING_MS_MAX },
  );
}

/** Milliseconds from starting the control plane again until the node serves a version published to it. */
async function publishAfterReturn(fleet: LocalFleet, node: FleetNode): Promise<number> {
  const startedAt = performance.now();
  await fleet.startControlPlane();
  await waitUntilServed(fleet, 1);
  const code = `export default { fetch: () => new Response("after the return") };`;
  await publishInline(fleet, { name: "hello", code, aliases: ["live"] });
  return waitFor(
    async () => {
      const answer = await sendRequest({ url: `${node.edgeUrl}/x`, host: HOST });
      return answer.body.toString() === "after the return" ? performance.now() - startedAt : null;
    },
    { what: "the version published after the return", deadlineMs: SERVING_MS_MAX },
  );
}
