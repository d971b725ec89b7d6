/**
 * Preheats: sent to every connected node, their reports collected, and shown.
 *
 * Kept in memory, bounded, the oldest forgotten first: a preheat is a convenience that can be asked for again. Invariant: every node that was
 * asked ends as done or lost, by its report or by the end of its connection.
 */
import type { PreheatNode, PreheatReport, PreheatResource, PreheatResult } from "../../sdk/purge.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import { parsePreheat } from "../../sdk/purge-parser.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError, notFound, requireValid } from "../control-error.ts";
import type { ChangeSignal } from "../rollout/change-signal.ts";
import type { Fleet } from "../rollout/fleet.ts";
import { askerOf, loneReplica, type Replicas } from "../replicas/replicas.ts";
import { waitUntil } from "../rollout/wait-until.ts";
import type { Store } from "../store.ts";
import { domainLookup } from "./domain-lookup.ts";

export interface PreheatServiceOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Notified when a node connects or its connection ends, and at every report. */
  readonly signal: ChangeSignal;
  readonly uniqueId: () => string;
  /** Default: there are none. */
  readonly replicas?: Replicas;
}

interface Preheat {
  readonly id: string;
  readonly createdAt: string;
  readonly createdMs: number;
  readonly urls: readonly string[];
  readonly nodes: Map<string, { readonly state: PreheatNode["state"]; readonly results: readonly PreheatResult[] }>;
  /** When the last node reported or was lost, monotonic. */
  endedMs: number;
}

export class PreheatService {
  readonly #options: PreheatServiceOptions;
  readonly #replicas: Replicas;
  /** Oldest first. */
  readonly #preheats = new Map<string, Preheat>();
  #closed = false;

  constructor(options: PreheatServiceOptions) {
    this.#options = options;
    options.fleet.onDisconnected((node) => {
      for (const preheat of this.#preheats.values()) this.#end(preheat, { node, state: "lost", results: [] });
    });
    this.#replicas = options.replicas ?? loneReplica;
    this.#replicas.onMessage("preheated", ({ report }) => {
      this.report(report);
    });
    this.#replicas.onMessage("not-asked", ({ id, node }) => {
      const preheat = this.#preheats.get(id);
      if (preheat !== undefined) this.#end(preheat, { node, state: "lost", results: [] });
    });
  }

  /**
   * Answers once every node asked has reported, at the latest after `waitSeconds`.
   * @throws ControlError INPUT_INVALID, NO_NODE.
   */
  async create(input: unknown): Promise<PreheatResource> {
    const { store, fleet, clock, uniqueId } = this.#options;
    const parsed = await store.read(({ domains }) => parsePreheat(input, domainLookup(domains)));
    const { urls, waitSeconds } = requireValid(parsed);
    const id = uniqueId();
    const asked = fleet.preheat({ kind: "preheat", id, urls });
    if (asked.length === 0) throw new ControlError("NO_NODE");
    const createdMs = clock.monotonicMs();
    const nodes: Preheat["nodes"] = new Map(asked.map((node) => [node, { state: "running", results: [] }]));
    this.#preheats.set(id, { id, createdAt: timestamp(clock), createdMs, urls, nodes, endedMs: createdMs });
    const [oldest] = this.#preheats.keys();
    if (this.#preheats.size > purgeLimits.preheatsKeptMax && oldest !== undefined) this.#preheats.delete(oldest);
    return this.get(id, waitSeconds);
  }

  /** @throws ControlError NOT_FOUND. */
  get(id: string, waitSeconds: number): Promise<PreheatResource> {
    const { clock, signal } = this.#options;
    return waitUntil({
      clock,
      signal,
      waitSeconds,
      look: async () => describePreheat(this.#require(id)),
      isDone: ({ completeMs }) => this.#closed || completeMs !== null,
    });
  }

  /** The newest first, at most `purgeLimits.listedMax`. */
  list(): readonly PreheatResource[] {
    return [...this.#preheats.values()].toReversed().slice(0, purgeLimits.listedMax).map(describePreheat);
  }

  /** A node's report, which is passed on to the control plane that asked; one that nobody asked for is dropped. */
  report(report: PreheatReport): void {
    const { id, node, results } = report;
    const preheat = this.#preheats.get(id);
    if (preheat === undefined) this.#replicas.answer(id, { kind: "preheated", report });
    else this.#end(preheat, { node, state: "done", results });
  }

  /** Waiting calls answer with what is. */
  close(): void {
    this.#closed = true;
    this.#options.signal.notify();
  }

  #require(id: string): Preheat {
    const preheat = this.#preheats.get(id);
    if (preheat !== undefined) return preheat;
    const asker = askerOf(id);
    const isElsewhere = asker !== null && this.#replicas.others().has(asker);
    throw notFound(
      isElsewhere ? `preheat "${id}" here: another control plane was asked for it and shows it` : `preheat "${id}"`,
    );
  }

  #end(preheat: Preheat, { node, ...ended }: PreheatNode): void {
    const known = preheat.nodes.get(node);
    // A connection that ended and came back does not end the work: its report may still come.
    if (known === undefined || known.state === "done" || known.state === ended.state) return;
    preheat.nodes.set(node, ended);
    preheat.endedMs = this.#options.clock.monotonicMs();
    this.#options.signal.notify();
  }
}

function describePreheat({ id, createdAt, createdMs, urls, nodes, endedMs }: Preheat): PreheatResource {
  const shown = [...nodes].map(([node, { state, results }]) => ({ node, state, results }));
  const isComplete = shown.every(({ state }) => state !== "running");
  return {
    id,
    createdAt,
    urls,
    nodes: shown,
    nodesDone: shown.filter(({ state }) => state === "done").length,
    completeMs: isComplete ? Math.round(endedMs - createdMs) : null,
  };
}
