/**
 * Purges: accepted, kept, told to nodes, and shown with who did them.
 *
 * Invariant: a purge is durable before any node is told of it and before it is answered; nodes that are away find it in the store.
 */
import type { PurgeAck, PurgeNode, PurgeResource } from "../../sdk/purge.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import { parsePurge } from "../../sdk/purge-parser.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError, notFound, requireValid } from "../control-error.ts";
import type { ChangeSignal } from "../rollout/change-signal.ts";
import type { Fleet } from "../rollout/fleet.ts";
import { waitUntil } from "../rollout/wait-until.ts";
import type { Store, StoreTables, StoreView } from "../store.ts";
import type { PurgeAckRow, PurgeRow } from "./purge-row.ts";
import { domainLookup } from "./domain-lookup.ts";

export interface PurgeServiceOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Notified at every acknowledgement, connection and disconnection. */
  readonly signal: ChangeSignal;
  readonly uniqueId: () => string;
}

export class PurgeService {
  readonly #options: PurgeServiceOptions;
  #closed = false;
  /** Of the acknowledgements that came last. */
  #recording: Promise<unknown> = Promise.resolve();
  #nextAcks: { readonly acks: PurgeAck[]; readonly refusals: Promise<readonly (ControlError | null)[]> } | null = null;

  constructor(options: PurgeServiceOptions) {
    this.#options = options;
  }

  /** Answers once every connected node did it, at the latest after `waitSeconds`. @throws ControlError INPUT_INVALID. */
  async create(input: unknown): Promise<PurgeResource> {
    const { store, fleet, clock, uniqueId } = this.#options;
    const { id, sequence, waitSeconds } = await store.change(async ({ domains, purges }) => {
      const request = requireValid(await parsePurge(input, domainLookup(domains)));
      const { mode, targets } = request;
      const row = await purges.add({ id: uniqueId(), createdAt: timestamp(clock), mode, targets });
      return { id: row.id, sequence: row.sequence, waitSeconds: request.waitSeconds };
    });
    fleet.announcePurges(sequence);
    return this.get(id, waitSeconds);
  }

  /** @throws ControlError NOT_FOUND. */
  get(id: string, waitSeconds: number): Promise<PurgeResource> {
    const { store, clock, signal } = this.#options;
    return waitUntil({
      clock,
      signal,
      waitSeconds,
      look: () => store.read((view) => this.#describe(view, id)),
      isDone: (purge) => this.#closed || purge.nodesDone === purge.nodesConnected,
    });
  }

  /** The newest first, at most `purgeLimits.listedMax`. */
  async list(): Promise<readonly PurgeResource[]> {
    const connected = this.#connected();
    return this.#options.store.read(async ({ purges, nodes }) => {
      const names = (await nodes.list()).map(({ name }) => name);
      const rows = await purges.list(purgeLimits.listedMax);
      const acked = rows.map(async (row) =>
        describePurge(row, { acks: await purges.acksSince(row.sequence), names, connected }),
      );
      return Promise.all(acked);
    });
  }

  /**
   * Records what a node did; what comes while one is being recorded is recorded with the next commit, all together.
   * @throws ControlError NOT_FOUND for a node or a purge that is not known, CONFLICT for a purge of another history.
   */
  async acknowledge(ack: PurgeAck): Promise<void> {
    if (ack.sequence === 0) return;
    this.#nextAcks ??= { acks: [], refusals: this.#recordAfter(this.#recording) };
    const { acks, refusals } = this.#nextAcks;
    const index = acks.push(ack) - 1;
    const refusal = (await refusals)[index];
    if (refusal !== undefined && refusal !== null) throw refusal;
  }

  /** Waiting calls answer with what is. */
  close(): void {
    this.#closed = true;
    this.#options.signal.notify();
  }

  /** Commits every acknowledgement that came until `previous` ended; answers with why each was refused. */
  #recordAfter(previous: Promise<unknown>): Promise<readonly (ControlError | null)[]> {
    const { store, clock, signal } = this.#options;
    const recording = (async () => {
      await Promise.allSettled([previous]);
      const acks = this.#nextAcks?.acks ?? [];
      this.#nextAcks = null;
      const refusals = await store.change(async (tables) => {
        const outcomes: (ControlError | null)[] = [];
        for (const ack of acks) outcomes.push(await recordAck(tables, { ack, ackedAt: timestamp(clock) }));
        return outcomes;
      });
      signal.notify();
      return refusals;
    })();
    this.#recording = recording;
    return recording;
  }

  async #describe({ purges, nodes }: StoreView, id: string): Promise<PurgeResource> {
    const row = await purges.get(id);
    if (row === null) throw notFound(`purge "${id}"`);
    const names = (await nodes.list()).map(({ name }) => name);
    return describePurge(row, { acks: await purges.acksSince(row.sequence), names, connected: this.#connected() });
  }

  #connected(): ReadonlySet<string> {
    return new Set(this.#options.fleet.connected());
  }
}

/** Why the acknowledgement is refused, or null when it is recorded. */
async function recordAck(
  { nodes, purges }: StoreTables,
  { ack, ackedAt }: { readonly ack: PurgeAck; readonly ackedAt: string },
): Promise<ControlError | null> {
  const { node, sequence, id, applyMs } = ack;
  if ((await nodes.get(node)) === null) return notFound(`node "${node}"`);
  const row = await purges.at(sequence);
  if (row === null) return notFound(`purge ${String(sequence)}`);
  if (row.id !== id) return new ControlError("CONFLICT", { message: `Purge ${String(sequence)} is another one.` });
  await purges.acknowledge({ node, sequence, applyMs, ackedAt });
  return null;
}

/** Pure: a purge as it is shown. */
export function describePurge(
  row: PurgeRow,
  fleet: {
    readonly acks: readonly PurgeAckRow[];
    /** Of all registered nodes. */
    readonly names: readonly string[];
    readonly connected: ReadonlySet<string>;
  },
): PurgeResource {
  const createdMs = Date.parse(row.createdAt);
  const ackedAt = new Map(fleet.acks.map((ack) => [ack.node, ack.ackedAt]));
  const nodes: readonly PurgeNode[] = fleet.names.map((node) => {
    const at = ackedAt.get(node);
    const doneMs = at === undefined ? null : Math.max(0, Date.parse(at) - createdMs);
    return { node, connected: fleet.connected.has(node), doneMs };
  });
  const connected = nodes.filter((node) => node.connected);
  const doneMs = connected.flatMap((node) => node.doneMs ?? []);
  const isComplete = connected.length > 0 && doneMs.length === connected.length;
  return {
    id: row.id,
    sequence: row.sequence,
    createdAt: row.createdAt,
    type: row.targets[0]?.kind ?? "all",
    mode: row.mode,
    targets: row.targets,
    nodesConnected: connected.length,
    nodesDone: doneMs.length,
    completeMs: isComplete ? Math.max(...doneMs) : null,
    nodes,
  };
}
