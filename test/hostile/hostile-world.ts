/**
 * The world of the hostile corpus: a control plane, a node in its default shape, the neighbour, a probe, and what they talk to.
 *
 * Invariant: `stop` ends everything that `start` started, and leaves the folder to its owner.
 */
import { publishInline, setDomain } from "../../bench/harness/fleet-setup.ts";
import { sendRequest } from "../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../bench/harness/local-fleet.ts";
import { waitFor } from "../../bench/harness/wait-for.ts";
import { HostileOrigin, internetAddress } from "./hostile-origin.ts";
import type { NeighbourPlan } from "./neighbour-samples.ts";

const neighbourDomain = "neighbour.hostile.example";
const probeDomain = "probe.hostile.example";
const perSecond = 200;
const deadlineMs = 5_000;
const LOOK_MS = 1_000;

/** Answers with its own words, and has something that others may want. */
const neighbourCode = `let isStored = false;
export default {
  async fetch(request, env) {
    if (!isStored) {
      isStored = true;
      const stored = new Response(env.NEIGHBOUR_SECRET, { headers: { "cache-control": "max-age=86400" } });
      await caches.default.put("https://${neighbourDomain}/secret", stored);
    }
    return new Response("neighbour " + new URL(request.url).pathname);
  },
};
`;
const probeCode = `export default { fetch: () => new Response("probe " + [1, 2, 3].map((n) => n * 2).join()) };`;
const probeAnswer = "probe 2,4,6";

export class HostileWorld {
  readonly fleet: LocalFleet;
  readonly node: FleetNode;
  readonly origin: HostileOrigin;

  private constructor(parts: { readonly fleet: LocalFleet; readonly node: FleetNode; readonly origin: HostileOrigin }) {
    this.fleet = parts.fleet;
    this.node = parts.node;
    this.origin = parts.origin;
  }

  static async start(options: {
    readonly folder: string;
    readonly env: Readonly<Record<string, string>>;
  }): Promise<HostileWorld> {
    const origin = await HostileOrigin.start();
    let fleet: LocalFleet | null = null;
    try {
      fleet = await LocalFleet.start(options);
      const node = await fleet.startNode({
        name: "hostile",
        settings: {
          SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.1/32",
          SELVAGE_NODE_EGRESS_ALLOW_NETWORKS: `${internetAddress}/32`,
        },
      });
      origin.edgeUrl = node.edgeUrl;
      await publishNeighbours(fleet);
      return new HostileWorld({ fleet, node, origin });
    } catch (error) {
      await fleet?.stop();
      await origin.stop();
      throw error;
    }
  }

  get neighbourPlan(): NeighbourPlan {
    return { url: this.node.edgeUrl, host: neighbourDomain, body: "neighbour", perSecond, deadlineMs };
  }

  /** What every request to a program carries, so that it knows what to go for. */
  get hints(): Readonly<Record<string, string>> {
    return {
      "hostile-internet": this.origin.internetUrl,
      "hostile-forbidden-port": String(this.origin.forbiddenPort),
      "hostile-admin-port": new URL(this.node.adminUrl).port,
      "hostile-control-port": new URL(this.fleet.controlUrl).port,
      "hostile-neighbour": neighbourDomain,
    };
  }

  /** Null when the node, the control plane and every function that did no harm are well; else what is not. */
  async unwell(): Promise<string | null> {
    const { adminUrl, edgeUrl } = this.node;
    const looks = [
      look("admin", { url: `${adminUrl}/healthz` }, (body) => body.includes('"ok"')),
      look("control plane", { url: `${this.fleet.controlUrl}/healthz` }, () => true),
      look("neighbour", { url: `${edgeUrl}/well`, host: neighbourDomain }, (body) => body === "neighbour /well"),
      look("probe", { url: `${edgeUrl}/`, host: probeDomain }, (body) => body === probeAnswer),
    ];
    return (await Promise.all(looks)).find((problem) => problem !== null) ?? null;
  }

  /** Gives the next program a world to attack when the last one broke it. */
  async repair(): Promise<void> {
    const control = await look("control plane", { url: `${this.fleet.controlUrl}/healthz` }, () => true);
    if (control !== null) {
      await this.fleet.killControlPlane();
      await this.fleet.startControlPlane();
    }
    await this.node.kill();
    await this.node.start();
    const what = "the node after its restart";
    await waitFor(async () => ((await this.unwell()) === null ? true : null), { what, deadlineMs: 30_000 });
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    await this.origin.stop();
  }
}

async function publishNeighbours(fleet: LocalFleet): Promise<void> {
  const all = { phase: "fetch", matchType: "all", alias: "live", priority: 1 } as const;
  await fleet.client.createFunction({ name: "neighbour" });
  await fleet.client.setEnvironment("neighbour", {
    variables: { NEIGHBOUR_SECRET: "neighbour-secret" },
    secrets: {},
  });
  await publishInline(fleet, { name: "neighbour", code: neighbourCode, aliases: ["live"] });
  await publishInline(fleet, { name: "probe", code: probeCode, aliases: ["live"] });
  await setDomain(fleet, { domain: neighbourDomain, rules: [{ ...all, function: "neighbour" }] });
  await setDomain(fleet, { domain: probeDomain, rules: [{ ...all, function: "probe" }] });
}

async function look(
  name: string,
  question: { readonly url: string; readonly host?: string },
  isRight: (body: string) => boolean,
): Promise<string | null> {
  try {
    const { status, body } = await sendRequest({ ...question, deadlineMs: LOOK_MS });
    if (status === 200 && isRight(body.toString())) return null;
    return `${name}: ${status} ${body.toString("utf8", 0, 200)}`;
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
