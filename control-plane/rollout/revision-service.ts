/**
 * Changes that nodes must learn of, and who serves them.
 *
 * Invariant: what `change` does and its new revision are one transaction; nodes are told after it is durable.
 */
import type { RevisionResource } from "../../sdk/api.ts";
import type { NodeAck } from "../../sdk/desired-state.ts";
import { timestamp, type Clock } from "../clock.ts";
import { notFound } from "../control-error.ts";
import type { AckRow, RevisionRow, Store, StoreTables } from "../store.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { Fleet } from "./fleet.ts";
import { waitUntil } from "./wait-until.ts";

/** Seconds to wait for nodes when a request does not say. */
export const waitSecondsDefault = 10;
export const waitSecondsMax = 30;

export interface RevisionServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly fleet: Fleet;
  /** Notified at every acknowledgement, connection and disconnection. */
  readonly signal: ChangeSignal;
}

export interface Changed<T> {
  readonly value: T;
  readonly revision: number;
}

export class RevisionService {
  readonly #options: RevisionServiceOptions;
  #closed = false;

  constructor(options: RevisionServiceOptions) {
    this.#options = options;
  }

  /** Runs `work` in one transaction with a new revision, unless it answers `"unchanged"`; then the present revision is given. */
  async change<T>(work: (tables: StoreTables) => Promise<T | Unchanged<T>>): Promise<Changed<T>> {
    const { store, clock, fleet } = this.#options;
    const outcome = await store.change(async (tables) => {
      const value = await work(tables);
      if (value instanceof Unchanged) {
        return { value: value.value, revision: (await tables.revisions.current()).revision, changed: false };
      }
      return { value, revision: (await tables.revisions.next(timestamp(clock))).revision, changed: true };
    });
    if (outcome.changed) fleet.announce(outcome.revision);
    return { value: outcome.value, revision: outcome.revision };
  }

  async current(): Promise<number> {
    return (await this.#options.store.read(({ revisions }) => revisions.current())).revision;
  }

  /** Records that a node serves a revision. @throws ControlError NOT_FOUND for a node that is not registered. */
  async acknowledge(ack: NodeAck): Promise<void> {
    const { store, clock, signal } = this.#options;
    await store.change(async ({ nodes, revisions }) => {
      if ((await nodes.get(ack.node)) === null) throw notFound(`node "${ack.node}"`);
      if (ack.revision > (await revisions.current()).revision) throw notFound(`revision ${String(ack.revision)}`);
      await nodes.acknowledge({ ...ack, ackedAt: timestamp(clock) });
    });
    signal.notify();
  }

  /**
   * Who serves `revision`, as soon as every connected node does, at the latest after `waitSeconds`.
   * @throws ControlError NOT_FOUND.
   */
  waitFor(revision: number, waitSeconds: number): Promise<RevisionResource> {
    const { clock, signal } = this.#options;
    return waitUntil({
      clock,
      signal,
      waitSeconds,
      look: () => this.#describe(revision),
      isDone: ({ nodesServing, nodesConnected }) => this.#closed || nodesServing === nodesConnected,
    });
  }

  /** Waiting calls answer with what is. */
  close(): void {
    this.#closed = true;
    this.#options.signal.notify();
  }

  async #describe(revision: number): Promise<RevisionResource> {
    const { store, fleet } = this.#options;
    const { row, acks } = await store.read(async (view) => ({
      row: await view.revisions.get(revision),
      acks: await view.nodes.acksSince(revision),
    }));
    if (row === null) throw notFound(`revision ${String(revision)}`);
    return describeRevision(row, { acks, connected: fleet.connected() });
  }
}

/** A change that turned out to be none: the value is answered, no revision is made. */
export class Unchanged<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

/** Pure: a revision as it is shown. */
export function describeRevision(
  { revision, createdAt }: RevisionRow,
  { acks, connected }: { readonly acks: readonly AckRow[]; readonly connected: readonly string[] },
): RevisionResource {
  const ackOf = new Map(acks.map((ack) => [ack.node, ack]));
  const serving = connected.flatMap((node) => ackOf.get(node) ?? []);
  const isComplete = connected.length > 0 && serving.length === connected.length;
  const lastAckMs = Math.max(...serving.map(({ ackedAt }) => Date.parse(ackedAt)));
  return {
    revision,
    createdAt,
    nodesConnected: connected.length,
    nodesServing: serving.length,
    completeMs: isComplete ? Math.max(0, lastAckMs - Date.parse(createdAt)) : null,
    acks: acks.map(({ node, revision, applyMs, failures }) => ({ node, revision, applyMs, failures })),
  };
}
