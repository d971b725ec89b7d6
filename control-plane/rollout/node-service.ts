/** Nodes as they are registered and shown. */
import type { NodeResource } from "../../sdk/api.ts";
import type { NodeRegistration } from "../../sdk/desired-state.ts";
import { timestamp, type Clock } from "../clock.ts";
import { notFound } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { NodeRow, Store } from "../store.ts";
import type { Fleet } from "./fleet.ts";

export interface NodeServiceOptions {
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NodeService {
  readonly #options: NodeServiceOptions;
  /** Writes of "last seen" under way; awaited by `close`. */
  readonly #background = new Set<Promise<void>>();

  constructor(options: NodeServiceOptions) {
    this.#options = options;
    options.fleet.onDisconnected((node) => {
      this.#noteSeen(node);
    });
  }

  /** @throws ControlError LIMIT_REACHED. */
  async register(registration: NodeRegistration): Promise<NodeResource> {
    const { store, clock } = this.#options;
    const row = await store.change(async (tables) => {
      const { nodes } = tables;
      if ((await nodes.get(registration.name)) === null) await requireRoom(tables, "nodes");
      await nodes.register(registration, timestamp(clock));
      return nodes.get(registration.name);
    });
    if (row === null) throw notFound(`node "${registration.name}"`);
    return this.#toResource(row);
  }

  async list(): Promise<readonly NodeResource[]> {
    const rows = await this.#options.store.read(({ nodes }) => nodes.list());
    return rows.map((row) => this.#toResource(row));
  }

  /** @throws ControlError NOT_FOUND. */
  async require(name: string): Promise<NodeRow> {
    const row = await this.#options.store.read(({ nodes }) => nodes.get(name));
    if (row === null) throw notFound(`node "${name}": register it first`);
    return row;
  }

  /** Forgets a node and ends its connection. @throws ControlError NOT_FOUND. */
  async remove(name: string): Promise<void> {
    const { store, fleet } = this.#options;
    await store.change(async ({ nodes }) => {
      if ((await nodes.get(name)) === null) throw notFound(`node "${name}"`);
      await nodes.delete(name);
    });
    fleet.disconnectNode(name);
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#background);
  }

  #noteSeen(node: string): void {
    const { store, clock, logger } = this.#options;
    const write = store
      .change(({ nodes }) => nodes.setSeen(node, timestamp(clock)))
      .catch((error: unknown) => {
        logger.error({ node, error }, "node_seen_failed");
      })
      .finally(() => this.#background.delete(write));
    this.#background.add(write);
  }

  #toResource(row: NodeRow): NodeResource {
    const { fleet, clock } = this.#options;
    const connected = fleet.isConnected(row.name);
    return { ...row, connected, lastSeenAt: connected ? timestamp(clock) : row.lastSeenAt };
  }
}
