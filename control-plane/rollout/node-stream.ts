/**
 * One node's connection: whole states, heartbeats and invocations as lines, one `StreamMessage` each.
 *
 * It knows neither HTTP nor the store. Invariants: states go out in growing revisions, and a slow connection gets the newest state
 * when it can take one, never a backlog; a connection that takes nothing for `controlLinkLimits.silenceMs` is closed.
 */
import type { DesiredState, InvokeMessage, StreamMessage } from "../../sdk/desired-state.ts";
import { controlLinkLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { LineOutput } from "./line-output.ts";

/** Invocations waiting for a slow connection. */
const invokesWaitingMax = 64;

export interface NodeStreamOptions {
  readonly node: string;
  readonly tokenId: string;
  readonly output: LineOutput;
  /** The newest state, with secrets sealed for this connection. */
  readonly loadState: () => Promise<DesiredState>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NodeStream {
  readonly node: string;
  readonly tokenId: string;
  readonly #options: NodeStreamOptions;
  #sentRevision = -1;
  #stateWanted = true;
  #pumping = false;
  #closed = false;
  /** Since when the connection takes nothing, monotonic; null: it does. */
  #blockedSinceMs: number | null = null;
  readonly #invokes: InvokeMessage[] = [];

  constructor(options: NodeStreamOptions) {
    this.node = options.node;
    this.tokenId = options.tokenId;
    this.#options = options;
    options.output.onDrain(() => {
      this.#blockedSinceMs = null;
      this.#pump();
    });
    options.output.onClose(() => {
      this.#closed = true;
    });
    this.#pump();
  }

  /** There is a newer state to send. */
  offerState(): void {
    this.#stateWanted = true;
    this.#pump();
  }

  heartbeat(): void {
    if (this.#closed) return;
    const { clock, logger } = this.#options;
    if (this.#blockedSinceMs === null) {
      if (this.#sentRevision >= 0) this.#write({ kind: "heartbeat", revision: this.#sentRevision });
      return;
    }
    const blockedMs = clock.monotonicMs() - this.#blockedSinceMs;
    if (blockedMs < controlLinkLimits.silenceMs) return;
    logger.warn({ blockedMs: Math.round(blockedMs) }, "node_stream_stalled");
    this.close();
  }

  /** False: too many already wait, or the connection has ended. */
  invoke(message: InvokeMessage): boolean {
    if (this.#closed || this.#invokes.length >= invokesWaitingMax) return false;
    this.#invokes.push(message);
    this.#pump();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#options.output.close();
  }

  /** Sends what waits, a state before invocations; one at a time, as `loadState` may take a while. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#sendWaiting().catch((error: unknown) => {
      // Without its state the node must not stay connected as if all were well: it comes back by itself.
      this.#options.logger.error({ error }, "node_stream_failed");
      this.close();
    });
  }

  async #sendWaiting(): Promise<void> {
    try {
      while (!this.#closed && this.#blockedSinceMs === null) {
        if (this.#stateWanted) {
          this.#stateWanted = false;
          const state = await this.#options.loadState();
          if (state.revision > this.#sentRevision) this.#sendState(state);
          continue;
        }
        const invoke = this.#sentRevision < 0 ? undefined : this.#invokes.shift();
        if (invoke === undefined) return;
        this.#write(invoke);
      }
    } finally {
      // In the same step as the last look at what waits, so that nothing offered meanwhile is missed.
      this.#pumping = false;
    }
  }

  #sendState(state: DesiredState): void {
    if (this.#closed) return;
    this.#sentRevision = state.revision;
    this.#write({ kind: "state", state });
  }

  #write(message: StreamMessage): void {
    if (!this.#options.output.write(JSON.stringify(message))) this.#blockedSinceMs = this.#options.clock.monotonicMs();
  }
}
