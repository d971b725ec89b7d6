/**
 * The nodes connected right now: who they are, what they are sent, and when their connection ends.
 *
 * Those of other control planes on the same store count as connected and can be asked; each is sent its states by its own. Knows neither HTTP nor what a state holds. Invariant: at most one connection per node name; the newest one stays, since an older one
 * of the same node is one whose end has not been noticed yet.
 */
import { controlLinkLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { LineOutput } from "./line-output.ts";
import { NodeStream } from "./node-stream.ts";
import { RemoteNodes, type AskableNode, type OwnNodes } from "../replicas/remote-nodes.ts";
import { loneReplica } from "../replicas/replicas.ts";
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
  /** Nodes of other control planes. Default: there are none. */
  readonly remote?: RemoteNodes;
}

export interface NodeConnection {
  readonly node: string;
  /** Seals this connection's secrets. */
  readonly token: string;
  /** Null: a node that does not know of purges. */
  readonly purgePosition: PurgePosition | null;
  readonly output: LineOutput;
}

export class Fleet implements OwnNodes {
  readonly #remote: RemoteNodes;
  readonly #options: FleetOptions;
  readonly #streams = new Map<string, NodeStream>();
  readonly #closeListeners = new Set<(node: string) => void>();
  #cancelHeartbeat: CancelTimer;
  #turn = 0;
  #closed = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#remote = options.remote ?? new RemoteNodes(loneReplica);
    this.#remote.serve(this);
    this.#remote.onGone((node) => {
      if (!this.#streams.has(node)) this.#tellDisconnected(node);
    });
    this.#cancelHeartbeat = this.#scheduleHeartbeat();
  }

  /** Sends the node the newest state now and whenever it changes, until the connection ends. */
  connect({ node, token, purgePosition, output }: NodeConnection): void {
    if (this.#closed) {
      output.close();
      return;
    }
    const { states, purges, clock, signal } = this.#options;
    const logger = this.#options.logger.child({ node });
    const older = this.#streams.get(node);
    const stream = new NodeStream({
      node,
      output,
      loadState: states.forNode(token),
      purgePosition,
      loadPurges: (since) => purges.missedSince(since),
      clock,
      logger,
    });
    this.#streams.set(node, stream);
    this.#remote.disconnect(node);
    this.#remote.publish([...this.#streams.keys()]);
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
    return this.find(node) !== null;
  }

  /** Names, sorted. */
  connected(): readonly string[] {
    return [...new Set([...this.#streams.keys(), ...this.#remote.names()])].sort();
  }

  /** The next connected node in turn, or null. Those connected here answer sooner, and go first. */
  next(): AskableNode | null {
    const names = this.#streams.size > 0 ? [...this.#streams.keys()].sort() : this.connected();
    const name = names[this.#turn++ % Math.max(1, names.length)];
    return name === undefined ? null : this.find(name);
  }

  /** One connected node, or null. */
  find(node: string): AskableNode | null {
    return this.findOwn(node) ?? this.#remote.find(node);
  }

  findOwn(node: string): NodeStream | null {
    return this.#streams.get(node) ?? null;
  }

  /** The stored state has changed, it is at `revision` or later: every node is sent the newest. */
  announce(revision: number): void {
    this.#options.states.invalidate(revision);
    for (const stream of this.#streams.values()) stream.offerState();
  }

  /** There is a newer purge, `sequence` or later: every node is sent what it misses. */
  announcePurges(sequence: number): void {
    this.#options.purges.invalidate(sequence);
    for (const stream of this.#streams.values()) stream.offerPurges();
  }

  /** Asks every connected node; the names of those that could be asked, sorted. */
  preheat(message: PreheatMessage): readonly string[] {
    return this.connected().filter((name) => this.find(name)?.request(message) === true);
  }

  disconnectNode(node: string): void {
    this.closeOwn(node);
    this.#remote.disconnect(node);
  }

  closeOwn(node: string): void {
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
    this.#remote.publish([...this.#streams.keys()]);
    this.#tellDisconnected(stream.node);
  }

  #tellDisconnected(node: string): void {
    for (const listener of this.#closeListeners) listener(node);
    this.#options.signal.notify();
  }

  #scheduleHeartbeat(): CancelTimer {
    return this.#options.clock.after(controlLinkLimits.heartbeatMs, () => {
      for (const stream of this.#streams.values()) stream.heartbeat();
      this.#cancelHeartbeat = this.#scheduleHeartbeat();
    });
  }
}
