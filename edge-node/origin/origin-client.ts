/**
 * Asks a domain's origin: tries its sources in order, the well ones first, and goes on to the next one when that is safe.
 *
 * Knows targets and nothing of rules or caches. Invariants: a request is sent a second time only when no server can have acted on it, or when
 * its method allows it and its body is still at hand; attempts are bounded in number and time, and those that a server may have seen also by the
 * domain's retry budget, so that an outage does not multiply its load.
 */
import type { Body } from "../../runtime/body.ts";
import { getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Connections } from "./connections.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import {
  sendExchange,
  type ExchangeFailure,
  type ExchangeRequest,
  type ExchangeResponse,
  type ExchangeResult,
  type RunningExchange,
} from "./http-exchange.ts";
import type { OriginTarget } from "./origin-target.ts";
import type { RetryBudget } from "./retry-budget.ts";
import type { ReleaseSlot, SourceSlots, WaitingForSlot } from "./source-slots.ts";

export interface OriginRequest {
  readonly method: string;
  readonly target: string;
  /** Without hop-by-hop fields. A `host` field goes to every target; without one each target's own is sent. */
  readonly headers: HeaderText;
  readonly body: Body;
  /** Called for each informational answer of whichever source. */
  readonly onInformational?: ((status: number, headers: HeaderText) => void) | undefined;
}

export interface OriginAsk {
  /** When it is asked, monotonic milliseconds. */
  readonly askedMs: number;
  readonly request: OriginRequest;
  /** In the order to try when all are well. */
  readonly targets: readonly OriginTarget[];
  readonly connections: Connections;
  readonly clock: Clock;
  readonly slots: SourceSlots;
  readonly budget: RetryBudget;
  /** Until a connection is there, and at most as long in the queue for one. */
  readonly connectTimeoutMs: number;
  /** From then on until the answer's head. Both together bound all attempts. */
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly certificate: "checked" | "any";
  /** Whether 502, 503 and 504 count as failures of the source, as those of a gateway that found nobody. */
  readonly countsStatuses: boolean;
  /** How an attempt is made. Default: as an exchange on one of the target's pooled connections. */
  readonly send?: SendAttempt;
}

/** Asks one target once. Like `sendExchange` it settles once, later, and calls the request's `onOver` once. */
export type SendAttempt = (
  target: OriginTarget,
  request: ExchangeRequest,
  settle: (result: ExchangeResult) => void,
) => RunningExchange;

/** An answer and who gave it. */
export interface OriginAnswer extends ExchangeResponse {
  readonly target: OriginTarget;
}

export type OriginResult = OriginAnswer | ExchangeFailure;

export interface RunningOriginRequest {
  cancel(): void;
}

/** Methods whose repetition changes nothing (RFC 9110 §9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** Answers of a gateway without a server behind it: another source may have one. */
const gatewayStatuses = new Set([502, 503, 504]);
const noTargets: readonly OriginTarget[] = [];
/** An attempt that would have less time than this is not made. */
const ATTEMPT_MS_MIN = 50;

/** Sends a request to the first target that can be reached; `settle` is called once. */
export function askOrigin(ask: OriginAsk, settle: (result: OriginResult) => void): RunningOriginRequest {
  const attempts = new Attempts(ask, settle);
  attempts.askNext();
  return attempts;
}

/** Steps that call each other, not promises: there is one such object for every request that the cache does not answer. */
class Attempts implements RunningOriginRequest {
  readonly #ask: OriginAsk;
  readonly #settle: (result: OriginResult) => void;
  #left: readonly OriginTarget[];
  readonly #deadlineMs: number;
  /** The body is at hand for as many attempts as there may be. */
  readonly #isReplayable: boolean;
  #attempts = 0;
  #isTrial = false;
  /** The target was asked once more after its connection ended without an answer. */
  #isRepeated = false;
  /** When the attempt that runs, or the first one, began. */
  #startedMs: number;
  #cancelTimer: CancelTimer | null = null;
  /** A gateway's complaint, while another source is asked. */
  #held: OriginAnswer | null = null;
  #running: RunningExchange | null = null;
  #waiting: WaitingForSlot | null = null;
  #aborted = false;

  constructor(ask: OriginAsk, settle: (result: OriginResult) => void) {
    this.#ask = ask;
    this.#settle = settle;
    this.#left = ask.targets;
    this.#startedMs = ask.askedMs;
    this.#deadlineMs = ask.askedMs + ask.connectTimeoutMs + ask.headTimeoutMs;
    this.#isReplayable = ask.request.body.kind !== "stream" && idempotent.has(ask.request.method);
    ask.budget.countRequest(ask.askedMs);
  }

  cancel(): void {
    this.#aborted = true;
    this.#waiting?.cancel();
    this.#running?.abort();
  }

  askNext(): void {
    if (this.#left.length === 0) {
      this.#settle(failed("ORIGIN_NOT_CONFIGURED"));
      return;
    }
    this.#isRepeated = false;
    this.#attempt(this.#next());
  }

  /** The first that is well; without one the first at all, since to ask an ill source is better than to ask none. */
  #next(): OriginTarget {
    const nowMs = this.#nowMs();
    const onTrial = this.#isReplayable ? "yes" : "no";
    for (let index = 0; index < this.#left.length; index++) {
      const target = this.#left[index] as OriginTarget;
      const admitted = target.record === null ? "well" : target.record.health.admit(nowMs, { onTrial });
      if (admitted !== null) return this.#take(index, admitted);
    }
    return this.#take(0, "well");
  }

  #take(index: number, admitted: "well" | "trial"): OriginTarget {
    const target = this.#left[index] as OriginTarget;
    this.#left = this.#left.length === 1 ? noTargets : this.#left.toSpliced(index, 1);
    this.#isTrial = admitted === "trial";
    return target;
  }

  /** The first attempt begins when the origin is asked. */
  #nowMs(): number {
    return this.#attempts === 0 ? this.#ask.askedMs : this.#ask.clock.monotonicMs();
  }

  #attempt(target: OriginTarget): void {
    const slot = this.#slot(target);
    if (slot === null || typeof slot === "function") this.#begin(target, slot);
    else void slot.then((release) => this.#begin(target, release));
  }

  #begin(target: OriginTarget, slot: ReleaseSlot | null): void {
    this.#waiting = null;
    if (this.#aborted) {
      slot?.();
      this.#attempted(target, failed("REQUEST_ABORTED"));
    } else if (slot === null) this.#attempted(target, failed("ORIGIN_OVERLOADED"));
    else this.#send(target, slot);
  }

  #send(target: OriginTarget, onOver: ReleaseSlot): void {
    const { request, headTimeoutMs, idleTimeoutMs } = this.#ask;
    const nowMs = this.#nowMs();
    const counts = target.record?.counts;
    if (counts !== undefined) {
      counts.requests++;
      if (this.#attempts > 0) counts.retries++;
    }
    this.#startedMs = nowMs;
    const own = getHeader(request.headers, "host");
    const leftMs = Math.max(ATTEMPT_MS_MIN, this.#deadlineMs - nowMs);
    const attemptMs = this.#attempts++ === 0 ? headTimeoutMs : Math.min(headTimeoutMs, leftMs);
    const message: ExchangeRequest = {
      method: request.method,
      target: request.target,
      headers: own === undefined ? `host:${target.host}\n${request.headers}` : request.headers,
      body: request.body,
      headTimeoutMs: attemptMs,
      idleTimeoutMs,
      onOver,
      onInformational: (status: number, headers: HeaderText) => this.#informed(attemptMs, { status, headers }),
      onBytes: counts === undefined ? undefined : (bytes: number) => void (counts.receivedBytes += bytes),
    };
    const settle = (result: ExchangeResult): void => this.#answered(target, result);
    const { send } = this.#ask;
    this.#running =
      send === undefined
        ? sendExchange(this.#pool(target, own ?? target.host), message, settle)
        : send(target, message, settle);
  }

  #pool(target: OriginTarget, serverName: string): ConnectionPool {
    const { connections, connectTimeoutMs, certificate } = this.#ask;
    const { origin, connectionsMax: socketsMax, addresses = null } = target;
    return connections.pool({ origin, serverName, connectTimeoutMs, certificate, socketsMax, addresses });
  }

  /** A source that says "soon" again and again has no more time for it than one that says nothing. */
  #informed(attemptMs: number, said: { readonly status: number; readonly headers: HeaderText }): void {
    const { request, clock } = this.#ask;
    request.onInformational?.(said.status, said.headers);
    this.#cancelTimer ??= clock.after(attemptMs, () => this.#running?.abort("ORIGIN_TIMEOUT"));
  }

  #answered(target: OriginTarget, result: ExchangeResult): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    target.record?.counts.durations.observe(this.#ask.clock.monotonicMs() - this.#startedMs);
    if (result.kind === "failed") this.#attempted(target, result);
    else if (result.status === 304 && !isConditional(this.#ask.request.headers)) {
      this.#attempted(target, failed("ORIGIN_MALFORMED", "sent"));
    } else {
      const { kind, status, statusText, headers, body } = result;
      this.#attempted(target, { kind, status, statusText, headers, body, target });
    }
  }

  #attempted(target: OriginTarget, result: OriginResult): void {
    // A kept-alive connection that the server closed just then looks like a lost request: once more on a new one.
    const isLost = result.kind === "failed" && result.dropped && !this.#isRepeated && this.#isReplayable;
    if (isLost && this.#mayAttempt() && this.#mayRepeat()) {
      this.#isRepeated = true;
      this.#attempt(target);
      return;
    }
    this.#learn(target, result, this.#isTrial);
    const held = this.#held;
    if (result.kind === "failed") {
      if (this.#mayGoOn(result)) this.askNext();
      else this.#settle(held ?? result);
    } else if (held === null) this.#judge(result);
    else {
      this.#held = null;
      const judge = (): void => this.#judge(result);
      discardBody(held.body).then(judge, judge);
    }
  }

  #judge(answer: OriginAnswer): void {
    if (!this.#mayAskAnother(answer)) {
      this.#settle(answer);
      return;
    }
    this.#held = answer;
    this.askNext();
  }

  #slot({ slots: place, connectionsMax }: OriginTarget): ReleaseSlot | null | Promise<ReleaseSlot | null> {
    const { slots, connectTimeoutMs } = this.#ask;
    const slot = slots.acquire(place, { max: connectionsMax, waitMs: connectTimeoutMs });
    if (slot === null || typeof slot === "function") return slot;
    this.#waiting = slot;
    return slot.slot;
  }

  /** What the outcome says about the source. A source that is overloaded, or one that answers badly, is there. */
  #learn(target: OriginTarget, result: OriginResult, isTrial: boolean): void {
    if (target.record === null) return;
    const { health, counts } = target.record;
    if (result.kind === "response") {
      const statusClass = Math.floor(result.status / 100);
      counts.statuses[statusClass] = (counts.statuses[statusClass] ?? 0) + 1;
      if (this.#ask.countsStatuses && gatewayStatuses.has(result.status)) health.failed(this.#ask.clock.monotonicMs());
      else health.succeeded();
      return;
    }
    if (result.code !== "REQUEST_ABORTED")
      counts.failures.set(result.code, (counts.failures.get(result.code) ?? 0) + 1);
    switch (result.code) {
      case "ORIGIN_UNREACHABLE":
      case "ORIGIN_TIMEOUT":
      case "ORIGIN_TRUNCATED":
      case "ORIGIN_CERTIFICATE":
        health.failed(this.#ask.clock.monotonicMs());
        return;
      default:
        if (isTrial) health.abandoned();
    }
  }

  #mayAttempt(): boolean {
    if (this.#aborted || this.#attempts >= originLimits.attemptsMax) return false;
    return this.#deadlineMs - this.#ask.clock.monotonicMs() >= ATTEMPT_MS_MIN;
  }

  #mayRepeat(): boolean {
    return this.#ask.budget.take();
  }

  /** After a failure: a request that nobody saw may go elsewhere whatever it is, its body was not touched. */
  #mayGoOn(failure: ExchangeFailure): boolean {
    if (this.#left.length === 0 || !this.#mayAttempt()) return false;
    if (failure.unsent) return true;
    const isLost = failure.dropped || failure.code === "ORIGIN_TIMEOUT";
    return isLost && this.#isReplayable && this.#mayRepeat();
  }

  /** After an answer: a gateway's complaint is passed on only when no other well source could know better. */
  #mayAskAnother({ status }: OriginAnswer): boolean {
    const { method } = this.#ask.request;
    if (!gatewayStatuses.has(status) || !this.#isReplayable || (method !== "GET" && method !== "HEAD")) return false;
    const nowMs = this.#ask.clock.monotonicMs();
    const hasOther = this.#left.some(({ record }) => record === null || record.health.state(nowMs) === "well");
    return hasOther && this.#mayAttempt() && this.#mayRepeat();
  }
}

/** Only such a request can be answered with 304 (RFC 9110 §15.4.5); to another it would be an answer without content. */
function isConditional(headers: HeaderText): boolean {
  return hasHeader(headers, "if-none-match") || hasHeader(headers, "if-modified-since");
}

function failed(code: ExchangeFailure["code"], sent: "sent" | "unsent" = "unsent"): ExchangeFailure {
  return { kind: "failed", code, message: code, unsent: sent === "unsent", dropped: false };
}
