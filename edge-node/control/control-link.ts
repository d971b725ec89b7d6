/**
 * Keeps one stream to the control plane open: registers, reads messages, notices silence, comes back with growing waits.
 *
 * Knows nothing of what a state means: it hands on parsed messages. Invariant: whatever the control plane sends or fails to send,
 * this loop goes on until `stop`; a message that does not parse is logged and dropped.
 */
import type { CallsMessage } from "../../sdk/calls.ts";
import type { DesiredState, InvokeMessage, NodeRegistration } from "../../sdk/desired-state.ts";
import type { PreheatMessage, PurgePosition, PurgesMessage } from "../../sdk/purge.ts";
import type { ExplainMessage } from "../../sdk/explain.ts";
import { controlLinkLimits } from "../../sdk/limits.ts";
import { formatProblems } from "../../sdk/problem.ts";
import { delay, type CancelTimer, type Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "../supervisor/back-off.ts";
import { ControlError } from "./control-client.ts";
import { readLines } from "./read-lines.ts";
import { parseStreamMessage, type UnknownMessage } from "./stream-message-parser.ts";

export interface ControlLinkStatus {
  readonly kind: "connecting" | "connected" | "down" | "unauthenticated" | "stopped";
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Why the link is not up; empty when it is. */
  readonly message: string;
}

/** The two requests a link makes; ControlClient has them. */
export interface StreamClient {
  register(registration: NodeRegistration, signal: AbortSignal): Promise<void>;
  openStream(purges: PurgePosition, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface ControlLinkOptions {
  readonly client: StreamClient;
  readonly registration: NodeRegistration;
  readonly onState: (state: DesiredState) => void;
  readonly onInvoke: (message: InvokeMessage) => void;
  readonly onCalls: (message: CallsMessage) => void;
  readonly onExplain: (message: ExplainMessage) => void;
  readonly onPurges: (message: PurgesMessage) => void;
  readonly onPreheat: (message: PreheatMessage) => void;
  /** The last purge the node took. */
  readonly purgePosition: () => PurgePosition;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A state of this many bytes is beyond what any node can serve. */
const LINE_BYTES_MAX = 268_435_456;
/** A wrong token is tried again rarely: somebody has to change something first. */
const UNAUTHENTICATED_MS = 30_000;
/** Heartbeats in a row that may name a revision this stream did not bring. */
const BEHIND_MAX = 2;

export class ControlLink {
  readonly #options: ControlLinkOptions;
  readonly #stop = new AbortController();
  readonly #backOff: BackOff;
  #status: ControlLinkStatus;
  #running: Promise<void> | null = null;

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    this.#backOff = new BackOff({
      minMs: controlLinkLimits.reconnectMsMin,
      maxMs: controlLinkLimits.reconnectMsMax,
      random: options.random,
    });
    this.#status = { kind: "connecting", since: options.clock.now(), message: "" };
  }

  get status(): ControlLinkStatus {
    return this.#status;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is stopping"));
    await this.#running;
    this.#become("stopped", "");
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const error = await this.#session();
      if (signal.aborted) return;
      await delay(this.#options.clock, { delayMs: this.#noteFailure(error), signal });
      this.#become("connecting", this.#status.message);
    }
  }

  /** Logs why a session ended and returns how long to wait before the next. */
  #noteFailure(error: Error): number {
    const { logger } = this.#options;
    if (error instanceof ControlError && error.reason === "unauthenticated") {
      const message = "the control plane does not accept this node's token";
      this.#become("unauthenticated", message);
      logger.error({ reason: error.message, retryMs: UNAUTHENTICATED_MS }, "control.unauthenticated");
      return UNAUTHENTICATED_MS;
    }
    const retryMs = this.#backOff.nextMs();
    this.#become("down", error.message);
    logger.warn({ reason: error.message, retryMs }, "control.down");
    return retryMs;
  }

  /** One connection, until it breaks. Returns what ended it. */
  async #session(): Promise<Error> {
    const session = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, session.signal]);
    const watchdog = new SilenceWatchdog(this.#options.clock, session);
    try {
      watchdog.touch();
      await this.#options.client.register(this.#options.registration, signal);
      watchdog.touch();
      const chunks = await this.#options.client.openStream(this.#options.purgePosition(), signal);
      this.#become("connected", "");
      this.#options.logger.info({}, "control.connected");
      await this.#readMessages(watchdog.watch(chunks));
      return new Error("the stream ended");
    } catch (error) {
      if (session.signal.aborted) return session.signal.reason as Error;
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      watchdog.stop();
      session.abort(new Error("the session ended"));
    }
  }

  async #readMessages(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let revision: number | null = null;
    let behind = 0;
    for await (const line of readLines(chunks, { lineBytesMax: LINE_BYTES_MAX })) {
      const parsed = parseStreamMessage(line);
      if (!parsed.ok) {
        const problems = formatProblems(parsed.problems.slice(0, 20));
        this.#options.logger.error({ problems }, "control.message.refused");
        continue;
      }
      const message = parsed.value;
      this.#backOff.reset();
      if (message.kind === "state") revision = message.state.revision;
      if (message.kind === "heartbeat") {
        behind = revision !== null && message.revision > revision ? behind + 1 : 0;
        if (behind > BEHIND_MAX) throw new Error(`the stream did not bring revision ${message.revision}`);
      }
      this.#dispatch(message);
    }
  }

  #dispatch(message: Exclude<ReturnType<typeof parseStreamMessage>, { ok: false }>["value"] | UnknownMessage): void {
    switch (message.kind) {
      case "state":
        return this.#options.onState(message.state);
      case "invoke":
        return this.#options.onInvoke(message);
      case "calls":
        return this.#options.onCalls(message);
      case "purges":
        return this.#options.onPurges(message);
      case "explain":
        return this.#options.onExplain(message);
      case "preheat":
        return this.#options.onPreheat(message);
      case "heartbeat":
        return;
      case "unknown":
        return this.#options.logger.warn({ name: message.name }, "control.message.unknown");
    }
  }

  #become(kind: ControlLinkStatus["kind"], message: string): void {
    this.#status = { kind, since: this.#options.clock.now(), message };
  }
}

/** Aborts a session that brought no byte for `silenceMs`. */
class SilenceWatchdog {
  readonly #clock: Clock;
  readonly #session: AbortController;
  #cancel: CancelTimer = () => {};

  constructor(clock: Clock, session: AbortController) {
    this.#clock = clock;
    this.#session = session;
  }

  touch(): void {
    this.#cancel();
    const { silenceMs } = controlLinkLimits;
    this.#cancel = this.#clock.after(silenceMs, () => {
      this.#session.abort(new Error(`the control plane was silent for ${silenceMs} ms`));
    });
  }

  stop(): void {
    this.#cancel();
  }

  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      this.touch();
      yield chunk;
    }
  }
}
