/**
 * Keeps one front running: starts it, gives it the newest state before it listens, watches its heartbeat, restarts it after growing waits.
 *
 * Knows nothing of the other fronts or the control plane. Invariants: a front never listens before it answered to the state there was;
 * a state that ends the front `APPLY_CRASHES_MAX` times in a row is given up for the last one that was served.
 */
import type { Purge } from "../cache/purge-table.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { FromFront, FrontAddress, FrontApplied, FrontSettings, FrontState, ToFront } from "../ipc.ts";
import type { QuarantinedVersion } from "../hosts/containment-report.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "./back-off.ts";
import type { FrontHandle, SpawnFront } from "./front-handle.ts";

/** A state as it is numbered among those sent; the number matches replies. */
export interface NumberedState {
  readonly id: number;
  readonly state: FrontState;
}

export type SlotOutcome =
  | ({ readonly kind: "applied" } & FrontApplied)
  | { readonly kind: "refused"; readonly message: string }
  /** A newer state took its place, or the front was told to stop. */
  | { readonly kind: "superseded" };

export interface SlotStatus {
  readonly phase: "waiting" | "starting" | "serving" | "draining" | "stopped";
  readonly pid: number | undefined;
  /** Of the state that is served; null when there is none. */
  readonly revision: number | null;
  readonly restarts: number;
  readonly requestsInFlight: number;
  readonly rssBytes: number;
  readonly logsDropped: number;
  readonly quarantined: readonly QuarantinedVersion[];
}

export interface FrontSlotOptions {
  readonly settings: FrontSettings;
  readonly spawn: SpawnFront;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** What a front has to know of purges before it gets its state. */
  readonly purges: () => readonly Purge[];
  /** Null: there is no TLS. */
  readonly ticketKey: () => string | null;
  /** Everything but the life cycle's own messages. */
  readonly onMessage: (message: FromFront) => void;
  readonly onServing: () => void;
  /** `final`: the front said that it cannot go on with these settings. */
  readonly onExit: (exit: { readonly reason: string; readonly final: boolean }) => void;
}

const PING_MS = 1_000;
/** Pings in a row without an answer; counted, not timed, so that a machine that slept kills nobody. */
const UNANSWERED_PINGS_MAX = 10;
/** Loading the native library, the isolate hosts and the base snapshot on a busy machine. */
const START_MS = 60_000;
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 10_000;
/** A front that served this long starts with short waits again. */
const STABLE_MS = 30_000;
const APPLY_CRASHES_MAX = 3;

export class FrontSlot {
  readonly #options: FrontSlotOptions;
  readonly #backOff: BackOff;
  #child: FrontHandle | null = null;
  #phase: SlotStatus["phase"] = "stopped";
  #hasStarted = false;
  #wanted: NumberedState | null = null;
  #served: NumberedState | null = null;
  #address: FrontAddress | null = null;
  #isListening = false;
  #waiting: { readonly id: number; readonly settle: (outcome: SlotOutcome) => void } | null = null;
  #applyCrashes = 0;
  #restarts = 0;
  #lastFailure: string | null = null;
  #beat: Extract<FromFront, { kind: "pong" }> | null = null;
  #droppedBefore = 0;
  #unansweredPings = 0;
  readonly #timers = new Set<CancelTimer>();
  #ended: () => void = () => {};

  constructor(options: FrontSlotOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ minMs: RESTART_MS_MIN, maxMs: RESTART_MS_MAX, random: options.random });
  }

  get status(): SlotStatus {
    return {
      phase: this.#phase,
      pid: this.#child?.pid,
      revision: this.#served?.state.state.revision ?? null,
      restarts: this.#restarts,
      requestsInFlight: this.#beat?.requestsInFlight ?? 0,
      rssBytes: this.#beat?.rssBytes ?? 0,
      logsDropped: this.#droppedBefore + (this.#beat?.logsDropped ?? 0),
      quarantined: this.#beat?.quarantined ?? [],
    };
  }

  /** Starts the front; it listens on `address` once it answered to `state`. Resolves with that answer, null without a state. */
  start(address: FrontAddress, state: NumberedState | null): Promise<SlotOutcome | null> {
    this.#address = address;
    this.#wanted = state;
    this.#spawn();
    if (state === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting = { id: state.id, settle: resolve };
    });
  }

  /** Resolves when this front serves `state`, however often it has to be restarted for it, or does not. */
  apply(state: NumberedState): Promise<SlotOutcome> {
    this.#settle({ kind: "superseded" });
    this.#wanted = state;
    this.#applyCrashes = 0;
    return new Promise((resolve) => {
      this.#waiting = { id: state.id, settle: resolve };
      if (this.#phase === "draining" || this.#phase === "stopped") return this.#settle({ kind: "superseded" });
      if (this.#hasStarted) this.#send({ kind: "state", ...state });
    });
  }

  /** Returns whether there was a front to send to. */
  send(message: ToFront): boolean {
    if (this.#phase !== "serving") return false;
    this.#send(message);
    return true;
  }

  /** As `send`, also to a front that does not serve yet; one that is not there or just started finds out by itself, or gets the whole table. */
  sendEarly(message: Extract<ToFront, { kind: "purge" | "cacheNews" | "ticketKey" }>): boolean {
    if (this.#child === null || !this.#hasStarted) return false;
    this.#send(message);
    return true;
  }

  /** Ends a front that does not do what it should; it is restarted. */
  kill(reason: string): void {
    this.#options.logger.error({ pid: this.#child?.pid, reason }, "front.killed");
    this.#child?.kill();
  }

  /** Drains and ends the front; after `timeoutMs` and some it is killed. Not restarted. */
  stop(options: { readonly drainMs: number; readonly killMs: number }): Promise<void> {
    this.#settle({ kind: "superseded" });
    this.#clearTimers();
    if (this.#child === null) {
      this.#phase = "stopped";
      return Promise.resolve();
    }
    this.#phase = "draining";
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.#later(options.killMs, () => this.kill("did not end in time"));
      this.#send({ kind: "drain", timeoutMs: options.drainMs });
    });
  }

  #spawn(): void {
    this.#phase = "starting";
    this.#hasStarted = false;
    this.#isListening = false;
    this.#lastFailure = null;
    const { settings, spawn } = this.#options;
    const child = spawn(settings, {
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => this.#exited(reason),
    });
    this.#child = child;
    this.#later(START_MS, () => {
      if (!this.#hasStarted) this.kill(`did not start within ${START_MS} ms`);
    });
  }

  #receive(message: FromFront): void {
    switch (message.kind) {
      case "started":
        this.#hasStarted = true;
        this.#unansweredPings = 0;
        this.#ping(1);
        this.#options.onMessage(message);
        this.#sendBefore();
        if (this.#wanted === null) this.#listen();
        else this.#send({ kind: "state", ...this.#wanted });
        return;
      case "applied":
        return this.#replied(message.id, message);
      case "refused":
        return this.#replied(message.id, message);
      case "listening":
        return this.#serve();
      case "pong":
        this.#beat = message;
        this.#unansweredPings = 0;
        return;
      case "failed":
        this.#lastFailure = message.message;
        return;
      case "metrics":
      case "statistics":
      case "logs":
      case "invoked":
      case "explained":
      case "purged":
      case "cacheNews":
      case "preheated":
        return this.#options.onMessage(message);
    }
  }

  /** What a front has to have before it serves. */
  #sendBefore(): void {
    const key = this.#options.ticketKey();
    if (key !== null) this.#send({ kind: "ticketKey", key });
    const purges = this.#options.purges();
    if (purges.length > 0) this.#send({ kind: "purgeTable", purges });
  }

  #replied(id: number, reply: Extract<SlotOutcome, { kind: "applied" | "refused" }>): void {
    if (this.#wanted?.id === id) {
      this.#applyCrashes = 0;
      if (reply.kind === "applied") this.#served = this.#wanted;
      else this.#wanted = this.#served;
    }
    this.#listen();
    if (this.#waiting?.id !== id) return;
    const { kind } = reply;
    if (kind === "refused") this.#settle({ kind, message: reply.message });
    else this.#settle({ kind, failures: reply.failures, damaged: reply.damaged });
  }

  #listen(): void {
    if (this.#isListening || this.#address === null) return;
    this.#isListening = true;
    this.#send({ kind: "listen", ...this.#address });
  }

  #serve(): void {
    if (this.#phase !== "starting") return;
    this.#phase = "serving";
    this.#later(STABLE_MS, () => this.#backOff.reset());
    this.#options.onServing();
  }

  #ping(id: number): void {
    if (this.#unansweredPings >= UNANSWERED_PINGS_MAX) return this.kill("no heartbeat");
    this.#unansweredPings++;
    this.#send({ kind: "ping", id });
    this.#later(PING_MS, () => this.#ping(id + 1));
  }

  #exited(reason: string): void {
    const { logger, onExit } = this.#options;
    const wasDraining = this.#phase === "draining";
    const text = this.#lastFailure ?? reason;
    this.#clearTimers();
    this.#child = null;
    this.#droppedBefore += this.#beat?.logsDropped ?? 0;
    this.#beat = null;
    if (wasDraining) {
      this.#phase = "stopped";
      this.#ended();
      return;
    }
    this.#countApplyCrash(text);
    this.#restarts++;
    this.#phase = "waiting";
    const restartMs = this.#backOff.nextMs();
    logger.error({ reason: text, restartMs, restarts: this.#restarts }, "front.exited");
    this.#later(restartMs, () => this.#spawn());
    onExit({ reason: text, final: this.#lastFailure !== null });
  }

  #countApplyCrash(reason: string): void {
    if (!this.#hasStarted || this.#wanted === null || this.#wanted === this.#served) return;
    this.#applyCrashes++;
    if (this.#applyCrashes < APPLY_CRASHES_MAX) return;
    this.#applyCrashes = 0;
    this.#wanted = this.#served;
    this.#settle({ kind: "refused", message: `the front ended ${APPLY_CRASHES_MAX} times applying it: ${reason}` });
  }

  #settle(outcome: SlotOutcome): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.settle(outcome);
  }

  #send(message: ToFront): void {
    this.#child?.send(message);
  }

  /** A timer of the present child: cancelled when it ends. */
  #later(delayMs: number, fire: () => void): void {
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      fire();
    });
    this.#timers.add(cancel);
  }

  #clearTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
