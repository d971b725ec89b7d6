/**
 * Publishes one version after the other, and afterwards looks for each that was acknowledged: at the control plane, and on every node.
 *
 * A publish without an answer (the control plane was killed) may have happened or not; only what was acknowledged must be there. Acknowledged
 * publishes are in order, so that from the last of them on no older version may be `live` anywhere.
 */
import { setTimeout as delay } from "node:timers/promises";
import { setDomain, waitUntilServed } from "../harness/fleet-setup.ts";
import { sendRequest } from "../harness/http-exchange.ts";
import { waitFor } from "../harness/wait-for.ts";
import { versionCode, chaosDomain, type ChaosWorld } from "./chaos-world.ts";

export interface PublishLog {
  /** Of the last publish that was begun. */
  newest: number;
  readonly acknowledged: number[];
  /** No answer, or a refusal, by code. */
  readonly refused: Map<string, number>;
}

export interface PublishLosses {
  /** Acknowledged versions that the control plane does not have. */
  readonly atControlPlane: readonly number[];
  /** Acknowledged versions that a node does not answer with. */
  readonly atNodes: readonly string[];
  /** Nodes that went on serving, as `live`, a version older than the last that was acknowledged. */
  readonly stale: readonly string[];
}

const pauseMs = 1_000;
/** Fewer than the versions that one function may have. */
const publishesMax = 900;
const settleMs = 60_000;
/** Fewer than the rules that one domain may have. */
const perRound = 32;
const checkDomain = "check.chaos.test";

export const newPublishLog = (): PublishLog => ({ newest: 0, acknowledged: [], refused: new Map() });

/** Publishes until the signal. */
export async function runPublishLoad(
  { fleet }: ChaosWorld,
  { log, signal }: { readonly log: PublishLog; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted && log.newest < publishesMax) {
    const number = ++log.newest;
    const source = { kind: "inline", code: versionCode(number), language: "js" } as const;
    try {
      await fleet.client.publish("answer", {
        source,
        version: `v${String(number)}`,
        aliases: ["live"],
        waitSeconds: 0,
      });
      log.acknowledged.push(number);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      log.refused.set(code, (log.refused.get(code) ?? 0) + 1);
    }
    await delay(pauseMs, null, { signal }).catch(() => null);
  }
}

/** Everything runs again. Nodes get a minute to come to the last acknowledged version by themselves. */
export async function findPublishLosses(world: ChaosWorld, { acknowledged }: PublishLog): Promise<PublishLosses> {
  const last = acknowledged.at(-1) ?? 0;
  const stale: string[] = [];
  for (const { name, edgeUrl } of world.nodes) {
    const look = async (): Promise<true | null> => {
      const served = await servedBy(edgeUrl, chaosDomain, "/settled");
      return typeof served === "number" && served >= last ? true : null;
    };
    await waitFor(look, { what: `version ${String(last)} on ${name}`, deadlineMs: settleMs, everyMs: 100 }).catch(() =>
      stale.push(name),
    );
  }
  const stored = new Set((await world.fleet.client.listVersions("answer")).map(({ version }) => version));
  const atControlPlane = acknowledged.filter((number) => !stored.has(`v${String(number)}`));
  const there = acknowledged.filter((number) => stored.has(`v${String(number)}`));
  const atNodes: string[] = [];
  for (let from = 0; from < there.length; from += perRound) {
    atNodes.push(...(await findMissing(world, there.slice(from, from + perRound))));
  }
  return { atControlPlane, atNodes, stale };
}

/** Binds each of these versions to a path of its own and asks every node for all of them. */
async function findMissing({ fleet, nodes }: ChaosWorld, numbers: readonly number[]): Promise<readonly string[]> {
  const rule = { phase: "fetch", matchType: "path", function: "answer" } as const;
  const rules = numbers.map((number, index) => {
    const name = `v${String(number)}`;
    return { ...rule, matchContent: `/${name}`, version: name, priority: index + 1 };
  });
  await setDomain(fleet, { domain: checkDomain, rules });
  await waitUntilServed(fleet, nodes.length);
  const missing: string[] = [];
  for (const { name, edgeUrl } of nodes) {
    for (const number of numbers) {
      const served = await servedBy(edgeUrl, checkDomain, `/v${String(number)}`);
      if (served !== number) missing.push(`v${String(number)} on ${name}: ${String(served)}`);
    }
  }
  return missing;
}

/** The number of the version that answered, or what came instead. */
async function servedBy(edgeUrl: string, host: string, path: string): Promise<number | string> {
  const { status, body } = await sendRequest({ url: `${edgeUrl}${path}`, host });
  const [, number] = /^v(\d{1,9}) /.exec(body.toString()) ?? [];
  if (status === 200 && number !== undefined) return Number(number);
  return `status ${String(status)}, ${JSON.stringify(body.toString("utf8", 0, 200))}`;
}
