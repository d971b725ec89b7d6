/**
 * What happens to nodes and origin while the clients ask: versions change and are purged, configurations change, the origin goes away.
 *
 * One after the other, each known to be over before the next: only then the floors grow that answers are checked against.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { PurgeInput } from "../../sdk/purge.ts";
import { waitUntilServed } from "../harness/fleet-setup.ts";
import type { LocalFleet } from "../harness/local-fleet.ts";
import type { Resource, SoakOrigin } from "./soak-origin.ts";

export interface DisturbanceOptions {
  readonly fleet: LocalFleet;
  readonly domain: string;
  readonly origin: SoakOrigin;
  readonly resources: readonly Resource[];
  readonly floors: Map<string, number>;
  readonly configuration: { floor: number };
  /** The whole domain document with this number in its `x-config` field. */
  readonly document: (configuration: number) => Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export interface DisturbanceCounts {
  purges: number;
  configurations: number;
  outages: number;
}

const PAUSE_MS = 300;
const OUTAGE_MS = 1_000;
/** Of all steps, one in so many is an outage: nodes need time to fill their caches again. */
const OUTAGE_EVERY = 12;

/** Disturbs until the signal. @throws Error when a purge or a configuration does not reach every node. */
export async function disturb(options: DisturbanceOptions): Promise<DisturbanceCounts> {
  const counts: DisturbanceCounts = { purges: 0, configurations: 0, outages: 0 };
  for (let step = 0; !options.signal.aborted; step++) {
    if (step % OUTAGE_EVERY === OUTAGE_EVERY - 1) {
      await goAway(options.origin);
      counts.outages++;
    } else if (step % 3 === 2) {
      await configure(options, ++counts.configurations);
    } else {
      await purge(options, counts.purges++);
    }
    await delay(PAUSE_MS);
  }
  return counts;
}

async function goAway(origin: SoakOrigin): Promise<void> {
  await origin.stop();
  await delay(OUTAGE_MS);
  await origin.start();
}

async function configure(
  { fleet, domain, document, configuration }: DisturbanceOptions,
  number: number,
): Promise<void> {
  await fleet.client.setDomain(domain, document(number));
  await waitUntilServed(fleet, 1);
  configuration.floor = number;
}

/** Some resources get a new version and are purged, in one way after the other; none may be served old from then on. */
async function purge(options: DisturbanceOptions, round: number): Promise<void> {
  const { domain, fleet, floors, origin, resources } = options;
  const chosen = resources[(round * 7) % resources.length];
  if (chosen === undefined) return;
  const directory = chosen.path.slice(0, chosen.path.lastIndexOf("/") + 1);
  const ways: readonly { readonly input: PurgeInput; readonly hits: (resource: Resource) => boolean }[] = [
    { input: { type: "url", urls: [`http://${domain}${chosen.path}`] }, hits: ({ path }) => path === chosen.path },
    { input: { type: "tag", domain, tags: [chosen.tag] }, hits: ({ tag }) => tag === chosen.tag },
    {
      input: { type: "directory", urls: [`http://${domain}${directory}`] },
      hits: ({ path }) => path.startsWith(directory),
    },
    { input: { type: "all", domain }, hits: () => true },
  ];
  const way = ways[round % 9 === 8 ? 3 : round % 3];
  if (way === undefined) return;
  const purged = resources.filter(way.hits).map(({ path }) => [path, origin.change(path)] as const);
  const task = await fleet.client.purge({ ...way.input, waitSeconds: 20 });
  if (task.nodesDone < task.nodesConnected) {
    throw new Error(`Only ${task.nodesDone} of ${task.nodesConnected} nodes have purged`);
  }
  for (const [path, version] of purged) floors.set(path, version);
}
