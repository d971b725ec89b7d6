/**
 * The fleet that chaos is made in: a control plane, three nodes with two fronts each in their default shape, and what they serve.
 *
 * `kill` ends something with SIGKILL and starts again what nothing else would start. Invariant: one node at most is down as a whole at a time, and
 * `stop` ends everything that was started.
 */
import { readFile } from "node:fs/promises";
import { publishInline, setDomain, waitUntilServed } from "../harness/fleet-setup.ts";
import { LocalFleet, type FleetNode, type FleetOptions } from "../harness/local-fleet.ts";
import { pidsOfTree } from "../harness/process-memory.ts";
import { sendSignal } from "../harness/send-signal.ts";
import type { NatsServer } from "../harness/nats-server.ts";
import { killTargets, type Kill, type KillTarget } from "./kill-plan.ts";

export const chaosDomain = "chaos.test";
export const recordQueue = "ended";
export const nodeCount = 3;
export const frontCount = 2;
/** A control plane that has come back is left alone for so long, so that there is something to lose again. */
const graceMs = 4_000;
const settings = { SELVAGE_NODE_FRONTS: String(frontCount), SELVAGE_LOG_LEVEL: "warn" };

/** Answers with its number, so that it is known which version answered. */
export const versionCode = (number: number): string =>
  `export default { fetch: (request) => new Response("v${String(number)} " + new URL(request.url).pathname) };`;

/** Gives back what it was called with, and under which id. */
const jobCode = `exports.handler = async (event, context) => {
  await new Promise((resolve) => setTimeout(resolve, event.ms));
  return { n: event.n, id: context.getRequestID() };
};`;

const mainFiles: Readonly<Record<"front" | "isolate host", string>> = {
  front: "front-main.ts",
  "isolate host": "isolate-host.mjs",
};

export class ChaosWorld {
  readonly fleet: LocalFleet;
  readonly nodes: readonly FleetNode[];
  /** What was killed how often. */
  readonly kills: Map<KillTarget, number> = new Map(killTargets.map((target) => [target, 0]));
  /** From each kill of the control plane, or of a whole node or its supervisor, until it was healthy again, milliseconds. */
  readonly downMs: { readonly controlPlane: number[]; readonly node: number[] } = { controlPlane: [], node: [] };
  readonly #nats: NatsServer | null;
  #controlPlane: Promise<void> | null = null;
  #node: Promise<void> | null = null;
  #controlPlaneSinceMs = 0;

  private constructor(
    fleet: LocalFleet,
    { nodes, nats }: { readonly nodes: readonly FleetNode[]; readonly nats: NatsServer | null },
  ) {
    this.fleet = fleet;
    this.nodes = nodes;
    this.#nats = nats;
  }

  /** `nats`: where asynchronous calls are; it is its owner's to stop. Null: with the control plane. */
  static async start(place: Pick<FleetOptions, "folder" | "env">, nats: NatsServer | null): Promise<ChaosWorld> {
    const queue = nats === null ? {} : { settings: { SELVAGE_CONTROL_PLANE_CALL_QUEUE: nats.url } };
    const fleet = await LocalFleet.start({ ...place, ...queue });
    try {
      const nodes: FleetNode[] = [];
      for (let index = 0; index < nodeCount; index++) {
        nodes.push(await fleet.startNode({ name: `edge-${String(index + 1)}`, settings }));
      }
      await publishInline(fleet, { name: "answer", code: versionCode(0), version: "v0", aliases: ["live"] });
      const live = { phase: "fetch", matchType: "all", function: "answer", alias: "live", priority: 1 } as const;
      await setDomain(fleet, { domain: chaosDomain, rules: [live] });
      await fleet.client.createFunction({ name: "job" });
      const source = { kind: "inline", code: jobCode, language: "js" } as const;
      await fleet.client.publish("job", { source, event: {}, limits: { concurrency: 20 } });
      await fleet.client.calls.setConfig({ function: "job" }, { onSuccess: { kind: "queue", queue: recordQueue } });
      await waitUntilServed(fleet, nodeCount);
      return new ChaosWorld(fleet, { nodes, nats });
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /** What it killed; null: there is nothing of that kind to kill now. @throws what kept something from coming back. */
  async kill({ target, which }: Kill): Promise<string | null> {
    const killed = await this.#kill(target, which);
    if (killed !== null) this.kills.set(target, (this.kills.get(target) ?? 0) + 1);
    return killed;
  }

  /** Everything that was killed is there again. @throws what kept it. */
  async settled(): Promise<void> {
    await Promise.all([this.#controlPlane, this.#node]);
  }

  async stop(): Promise<void> {
    // What is being started must be known to the fleet before it is stopped.
    await this.settled().catch(() => {});
    await this.fleet.stop();
  }

  async #kill(target: KillTarget, which: number): Promise<string | null> {
    if (target === "call queue") {
      if (this.#nats === null) return null;
      await this.#nats.kill();
      await this.#nats.start();
      return target;
    }
    if (target === "control plane") {
      const fromMs = performance.now();
      if (this.#controlPlane !== null || fromMs - this.#controlPlaneSinceMs < graceMs) return null;
      await this.fleet.killControlPlane();
      this.#controlPlane = this.fleet.startControlPlane().then(() => {
        this.#controlPlane = null;
        this.#controlPlaneSinceMs = performance.now();
        this.downMs.controlPlane.push(this.#controlPlaneSinceMs - fromMs);
      });
      this.#controlPlane.catch(() => {});
      return target;
    }
    const node = pick(this.nodes, which);
    if (target === "front" || target === "isolate host") return killOne(node, { target, which });
    if (this.#node !== null) return null;
    const fromMs = performance.now();
    if (target === "node")
      for (const pid of (await pidsOfTree(node.pid)).slice(1).toReversed()) sendSignal(pid, "SIGKILL");
    await node.kill();
    this.#node = node.start().then(() => {
      this.#node = null;
      this.downMs.node.push(performance.now() - fromMs);
    });
    this.#node.catch(() => {});
    return `${target} ${node.name}`;
  }
}

/** One process of a node that its supervisor or front starts again. */
async function killOne(
  node: FleetNode,
  { target, which }: { readonly target: keyof typeof mainFiles; readonly which: number },
): Promise<string | null> {
  const tree = await pidsOfTree(node.pid).catch(() => []);
  const pids: number[] = [];
  for (const pid of tree) if ((await commandOf(pid)).includes(mainFiles[target])) pids.push(pid);
  if (pids.length === 0) return null;
  // `which` chose the node; what is left of it chooses the process.
  const pid = pick(pids, (which * nodeCount) % 1);
  return sendSignal(pid, "SIGKILL") ? `${target} ${String(pid)} of ${node.name}` : null;
}

function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${String(pid)}/cmdline`, "utf8").catch(() => "");
}

function pick<T>(items: readonly T[], random: number): T {
  const item = items[Math.min(items.length - 1, Math.floor(random * items.length))];
  if (item === undefined) throw new Error("Cannot pick from an empty list");
  return item;
}
