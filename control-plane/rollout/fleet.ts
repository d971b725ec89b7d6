/**
 * The nodes connected right now: who they are, what they are sent, and when their connection ends.
 *
 * Knows neither HTTP nor what a state holds. Invariant: at most one connection per node name; the newest one stays, since an older one
 * of the same node is one whose end has not been noticed yet.
 */
import { controlLinkLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { LineOutput } from "./line-output.ts";
import { NodeStream } from "./node-stream.ts";
import type { StateSource } from "./state-source.ts";
import type { PreheatMessage, PurgePosition } from "../../sdk/purge.ts";
import type { PurgeSource } from "../purges/purge-source.ts";

export interface FleetOptions {
  readonly states: StateSource;
  readonly purges: PurgeSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Notified when a node connects or its connection ends. */
  readonly signal: ChangeSignal;
}

export interface NodeConnection {
  readonly node: string;
  /** Seals this connection's secrets. */
  readonly token: string;
  readonly tokenId: string;
  /** Null: a node that does not know of purges. */
  readonly purgePosition: PurgePosition | null;
  readonly output: LineOutput;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #streams = new Map<string, NodeStream>();
  readonly #closeListeners = new Set<(node: string) => void>();
  #cancelHeartbeat: CancelTimer;
  #turn = 0;
  #closed = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#cancelHeartbeat = this.#scheduleHeartbeat();
  }

  /** Sends the node the newest state now and whenever it changes, until the connection ends. */
  connect({ node, token, tokenId, purgePosition, output }: NodeConnection): void {
    if (this.#closed) {
      output.close();
      return;
    }
    const { states, purges, clock, signal } = this.#options;
    const logger = this.#options.logger.child({ node });
    const older = this.#streams.get(node);
    const stream = new NodeStream({
      node,
      tokenId,
      output,
      loadState: states.forNode(token),
      purgePosition,
      loadPurges: (since) => purges.missedSince(since),
      clock,
      logger,
    });
    this.#streams.set(node, stream);
    output.onClose(() => {
      this.#remove(stream, logger);
    });
    if (older !== undefined) {
      logger.warn({}, "node_stream_replaced");
      older.close();
    }
    logger.info({}, "node_connected");
    signal.notify();
  }

  isConnected(node: string): boolean {
    return this.#streams.has(node);
  }

  /** Names, sorted. */
  connected(): readonly string[] {
    return [...this.#streams.keys()].sort();
  }

  /** The next connected node in turn, or null. */
  next(): NodeStream | null {
    const names = this.connected();
    const name = names[this.#turn++ % Math.max(1, names.length)];
    return name === undefined ? null : (this.#streams.get(name) ?? null);
  }

  /** The connection of one node, or null. */
  find(node: string): NodeStream | null {
    return this.#streams.get(node) ?? null;
  }

  /** The stored state has changed: every node is sent the newest. */
  announce(): void {
    this.#options.states.invalidate();
    for (const stream of this.#streams.values()) stream.offerState();
  }

  /** There is a newer purge: every node is sent what it misses. */
  announcePurges(): void {
    this.#options.purges.invalidate();
    for (const stream of this.#streams.values()) stream.offerPurges();
  }

  /** Asks every connected node; the names of those that could be asked, sorted. */
  preheat(message: PreheatMessage): readonly string[] {
    return this.connected().filter((name) => this.#streams.get(name)?.request(message) === true);
  }

  disconnectToken(tokenId: string): void {
    for (const stream of this.#streams.values()) if (stream.tokenId === tokenId) stream.close();
  }

  disconnectNode(node: string): void {
    this.#streams.get(node)?.close();
  }

  /** `listener` learns of every connection that ended, unless a newer one of the same node took its place. */
  onDisconnected(listener: (node: string) => void): void {
    this.#closeListeners.add(listener);
  }

  /** Ends every connection; later ones end at once. */
  close(): void {
    this.#closed = true;
    this.#cancelHeartbeat();
    for (const stream of this.#streams.values()) stream.close();
  }

  #remove(stream: NodeStream, logger: Logger): void {
    if (this.#streams.get(stream.node) !== stream) return;
    this.#streams.delete(stream.node);
    logger.info({}, "node_disconnected");
    for (const listener of this.#closeListeners) listener(stream.node);
    this.#options.signal.notify();
  }

  #scheduleHeartbeat(): CancelTimer {
    return this.#options.clock.after(controlLinkLimits.heartbeatMs, () => {
      for (const stream of this.#streams.values()) stream.heartbeat();
      this.#cancelHeartbeat = this.#scheduleHeartbeat();
    });
  }
}
