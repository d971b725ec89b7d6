/**
 * One node's connection: purges, whole states, heartbeats, invocations, calls, explanations and preheats as lines, one `StreamMessage` each.
 *
 * It knows neither HTTP nor the store. Invariants: what the node missed of purges goes out before its first state; states go out in growing
 * revisions, and a slow connection gets the newest state when it can take one, never a backlog; a connection that takes nothing for `controlLinkLimits.silenceMs` is closed.
 */
import type { DesiredState, InvokeMessage, StreamMessage } from "../../sdk/desired-state.ts";
import type { CallsMessage } from "../../sdk/calls.ts";
import type { ExplainMessage } from "../../sdk/explain.ts";
import type { PreheatMessage, PurgePosition, PurgesMessage } from "../../sdk/purge.ts";
import { controlLinkLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { LineOutput } from "./line-output.ts";

/** What a node is asked to do. */
export type RequestMessage = CallsMessage | ExplainMessage | InvokeMessage | PreheatMessage;

/** Requests waiting for a slow connection, and the characters of their lines. */
const requestsWaitingMax = 1_000;
const requestCharsMax = 67_108_864;

export interface NodeStreamOptions {
  readonly node: string;
  readonly output: LineOutput;
  /** The newest state, with secrets sealed for this connection. */
  readonly loadState: () => Promise<DesiredState>;
  /** The purge that the node took last; null: a node that does not know of purges. */
  readonly purgePosition: PurgePosition | null;
  readonly loadPurges: (since: PurgePosition) => Promise<PurgesMessage>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class NodeStream {
  readonly node: string;
  readonly #options: NodeStreamOptions;
  #sentRevision = -1;
  #stateWanted = true;
  #purgePosition: PurgePosition | null;
  #purgesWanted: boolean;
  #purgesSent = false;
  #pumping = false;
  #closed = false;
  /** Since when the connection takes nothing, monotonic; null: it does. */
  #blockedSinceMs: number | null = null;
  /** Lines. */
  readonly #requests: string[] = [];
  #requestChars = 0;

  constructor(options: NodeStreamOptions) {
    this.node = options.node;
    this.#options = options;
    this.#purgePosition = options.purgePosition;
    this.#purgesWanted = options.purgePosition !== null;
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

  /** There are newer purges to send. */
  offerPurges(): void {
    this.#purgesWanted = this.#purgePosition !== null;
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
  request(message: RequestMessage): boolean {
    if (this.#closed || this.#requests.length >= requestsWaitingMax || this.#requestChars >= requestCharsMax) {
      return false;
    }
    const line = JSON.stringify(message);
    this.#requests.push(line);
    this.#requestChars += line.length;
    this.#pump();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#options.output.close();
  }

  /** Sends what waits: purges, then a state, then requests; one at a time, as loading them may take a while. */
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
        if (this.#purgesWanted && this.#purgePosition !== null) {
          this.#purgesWanted = false;
          this.#sendPurges(await this.#options.loadPurges(this.#purgePosition));
          continue;
        }
        if (this.#stateWanted) {
          this.#stateWanted = false;
          const state = await this.#options.loadState();
          if (state.revision > this.#sentRevision) this.#sendState(state);
          continue;
        }
        const request = this.#sentRevision < 0 ? undefined : this.#requests.shift();
        if (request === undefined) return;
        this.#requestChars -= request.length;
        this.#writeLine(request);
      }
    } finally {
      // In the same step as the last look at what waits, so that nothing offered meanwhile is missed.
      this.#pumping = false;
    }
  }

  /** The first goes out even when nothing was missed: the node then knows that it is up to date. */
  #sendPurges(message: PurgesMessage): void {
    if (this.#closed || (this.#purgesSent && message.position.sequence === this.#purgePosition?.sequence)) return;
    this.#purgesSent = true;
    this.#purgePosition = message.position;
    this.#write(message);
  }

  #sendState(state: DesiredState): void {
    if (this.#closed) return;
    this.#sentRevision = state.revision;
    this.#write({ kind: "state", state });
  }

  #write(message: StreamMessage): void {
    this.#writeLine(JSON.stringify(message));
  }

  #writeLine(line: string): void {
    if (!this.#options.output.write(line)) this.#blockedSinceMs = this.#options.clock.monotonicMs();
  }
}
