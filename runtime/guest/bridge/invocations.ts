/**
 * Runs hooks: turns an invocation frame into a call of the author's function, and what it returns or throws into an outcome frame.
 *
 * Invariant: every invocation gets exactly one outcome and exactly one end, whatever the function does short of stopping the isolate.
 */
import { int, text, type FrameReader } from "../../bridge/frame.ts";
import { readInvocation, type AnnouncedBody, type InvocationFields } from "../../bridge/invocation-frame.ts";
import { bodyOwner, fromGuest, logLevels, outcomeKind, type BodyOwner } from "../../bridge/protocol.ts";
import type { ErrorCode } from "../../../sdk/error-code.ts";
import { messageLimits } from "../../../sdk/limits.ts";
import { answersItself, isResponsePhase } from "../../../sdk/phase.ts";
import { wallLimit } from "../../../sdk/wall-limit.ts";
import type { HostBody, LogLevel, OutgoingBody } from "../host-port.ts";
import { LoadFailure } from "../load-failure.ts";
import {
  createIncomingRequest,
  createIncomingResponse,
  describeRequest,
  describeResponse,
  isRequest,
  isResponse,
  type RequestDescription,
  type ResponseDescription,
} from "../message.ts";
import { AbortController, type AbortSignal } from "../web/events/abort-signal.ts";
import { formatLog } from "../web/console/format.ts";
import { DOMException } from "../web/core/dom-exception.ts";
import type { Request } from "../web/fetch/request.ts";
import type { Response } from "../web/fetch/response.ts";
import { BridgeBody, describeBody, type DescribedBody, type HostBodies, type OutgoingStreams } from "./bodies.ts";
import { InvocationContext } from "./invocation-context.ts";
import type { Outbox } from "./outbox.ts";
import type { Sockets } from "./sockets.ts";
import { invalidResult } from "./invalid-result.ts";
import { headersRefusal, oneLine } from "./outgoing-sizes.ts";
import { describeThrown, messageOf, stackOf } from "./thrown.ts";

type HookFunction = (this: unknown, message: unknown, env: unknown, ctx: InvocationContext) => unknown;

/** What stays the same for all invocations of an instance. */
export interface InstanceFacts {
  readonly functionName: string;
  readonly version: string;
  readonly wallMs: number;
  readonly fetchWallMs: number;
  readonly eventWallMs: number;
  readonly bufferedBodyBytesMax: number;
  readonly env: Readonly<Record<string, unknown>>;
  /** The module's default export. */
  readonly module: Readonly<Record<string, unknown>>;
  /** Null: always well. */
  readonly heartbeat: (() => unknown) | null;
}

interface Running {
  readonly id: number;
  readonly fields: InvocationFields;
  readonly request: Request | null;
  readonly response: Response | null;
  readonly bodies: readonly (BridgeBody | null)[];
  abort: AbortController | null;
  aborted: boolean;
  passThrough: boolean;
  answered: boolean;
  /** Of its log: what comes beyond would only be dropped by the host. */
  logCharsLeft: number;
  /** What keeps it alive: 1 for the hook, 1 for each waitUntil, each body stream and each WebSocket. */
  pending: number;
}

const promiseThen = Promise.prototype.then;
const promiseResolve = Promise.resolve.bind(Promise);

export class Invocations {
  readonly #outbox: Outbox;
  readonly #hostBodies: HostBodies;
  readonly #streams: OutgoingStreams;
  readonly #sockets: Sockets;
  readonly #takeId: () => number;
  readonly #facts: InstanceFacts;
  readonly #running = new Map<number, Running>();
  /** Of what is said while nothing runs; new with each invocation. */
  readonly #afterwards = { logCharsLeft: messageLimits.logCharsMax };
  #current: Running | null = null;

  constructor(
    facts: InstanceFacts,
    wires: {
      outbox: Outbox;
      hostBodies: HostBodies;
      streams: OutgoingStreams;
      sockets: Sockets;
      /** An id that no subrequest and no socket has. */
      takeId: () => number;
    },
  ) {
    this.#facts = facts;
    this.#outbox = wires.outbox;
    this.#hostBodies = wires.hostBodies;
    this.#streams = wires.streams;
    this.#sockets = wires.sockets;
    this.#takeId = wires.takeId;
  }

  /** The invocation to which a word without a context belongs: the one being entered, else the oldest that runs. 0: none. */
  currentId(): number {
    if (this.#current !== null) return this.#current.id;
    for (const id of this.#running.keys()) return id;
    return 0;
  }

  log(level: LogLevel, message: string): void {
    this.#log(this.currentId(), level, message);
  }

  /** Keeps an invocation alive until the returned function is called; nothing when it has ended. */
  hold(id: number): () => void {
    const running = this.#running.get(id);
    if (running === undefined) return nothing;
    running.pending += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(running);
      isHeld = false;
    };
  }

  /** Runs `act` as part of an invocation. */
  runAs(id: number, act: () => void): void {
    const before = this.#current;
    this.#current = this.#running.get(id) ?? null;
    try {
      act();
    } finally {
      this.#current = before;
    }
  }

  cancel(id: number): void {
    const running = this.#running.get(id);
    if (running !== undefined) this.#abort(running);
  }

  /** Runs the invocation the reader stands at (its version number was read already). */
  invoke(reader: FrameReader): void {
    const id = reader.int();
    const fields = readInvocation(reader);
    const running = this.#start(id, fields);
    this.#current = running;
    try {
      const result = this.#callHook(running, fields);
      if (isThenable(result)) {
        void promiseThen.call(
          promiseResolve(result),
          (value) => {
            this.#settle(running, value);
          },
          (error: unknown) => {
            this.#fail(running, "FUNCTION_THREW", error);
          },
        );
      } else {
        this.#settle(running, result);
      }
    } catch (error) {
      this.#fail(running, "FUNCTION_THREW", error);
    } finally {
      this.#current = null;
    }
  }

  #start(id: number, fields: InvocationFields): Running {
    const requestBody = this.#announced(fields.body, bodyOwner.request, id);
    const responseBody =
      fields.response === null ? null : this.#announced(fields.response.body, bodyOwner.response, id);
    const inResponsePhase = fields.response !== null;
    const running: Running = {
      id,
      fields,
      request: inResponsePhase ? null : this.#incomingRequest(fields, requestBody, () => this.#signal(running)),
      response:
        fields.response === null
          ? null
          : createIncomingResponse({
              status: fields.response.status,
              statusText: "",
              headers: fields.response.headers,
              body: responseBody,
            }),
      bodies: [requestBody, responseBody],
      abort: null,
      aborted: false,
      passThrough: false,
      answered: false,
      logCharsLeft: messageLimits.logCharsMax,
      pending: 1,
    };
    this.#afterwards.logCharsLeft = messageLimits.logCharsMax;
    this.#running.set(id, running);
    return running;
  }

  #callHook(running: Running, fields: InvocationFields): unknown {
    const hook = this.#facts.module[fields.phase];
    if (typeof hook !== "function") throw new TypeError(`This module exports no ${fields.phase}`);
    const ctx = this.#context(running);
    return (hook as HookFunction).call(this.#facts.module, running.response ?? running.request, this.#facts.env, ctx);
  }

  #context(running: Running): InvocationContext {
    const { fields, id } = running;
    const wallMs = wallLimit(this.#facts, fields.phase);
    return new InvocationContext({
      requestId: fields.requestId,
      functionName: this.#facts.functionName,
      version: this.#facts.version,
      phase: fields.phase,
      rulePriority: fields.rulePriority,
      domain: fields.domain,
      clientIp: fields.clientIp,
      cacheStatus: fields.cacheStatus,
      tls: fields.tls,
      deadlineMs: Date.now() + wallMs,
      request: isResponsePhase(fields.phase)
        ? () => this.#incomingRequest(fields, null, () => this.#signal(running))
        : null,
      log: (level, message) => {
        this.#log(id, level, message);
      },
      waitUntil: (promise) => {
        this.#waitUntil(running, promise);
      },
      passThrough: () => {
        running.passThrough = true;
      },
      format: formatLog,
    });
  }

  #incomingRequest(fields: InvocationFields, body: HostBody | null, signal: () => AbortSignal): Request {
    return createIncomingRequest({ method: fields.method, url: fields.url, headers: fields.headers, body, signal });
  }

  #announced(body: AnnouncedBody, owner: BodyOwner, id: number): BridgeBody | null {
    if (body === null) return null;
    return new BridgeBody(this.#hostBodies, { owner, id, lengthBytes: body.lengthBytes });
  }

  #signal(running: Running): AbortSignal {
    running.abort ??= new AbortController();
    if (running.aborted) running.abort.abort(clientGone());
    return running.abort.signal;
  }

  #waitUntil(running: Running, promise: unknown): void {
    running.pending += 1;
    void promiseThen.call(
      promiseResolve(promise),
      () => {
        this.#release(running);
      },
      (error: unknown) => {
        this.#log(running.id, "error", `waitUntil() rejected: ${describeThrown(error)}`);
        this.#release(running);
      },
    );
  }

  #abort(running: Running): void {
    running.aborted = true;
    running.abort?.abort(clientGone());
  }

  #settle(running: Running, result: unknown): void {
    try {
      if (result === undefined || result === null) this.#settleNothing(running);
      else if (isResponse(result)) this.#answer(running, describeResponse(result));
      else if (isRequest(result) && running.request !== null && !answersItself(running.fields.phase)) {
        this.#replaceRequest(running, describeRequest(result));
      } else this.#fail(running, "FUNCTION_RESULT_INVALID", new TypeError(invalidResult(running.fields.phase, result)));
    } catch (error) {
      this.#fail(running, "FUNCTION_RESULT_INVALID", error);
    }
  }

  /** Nothing returned: what the hook did to the headers counts. */
  #settleNothing(running: Running): void {
    const { response, request } = running;
    if (response !== null) {
      const description = describeResponse(response);
      if (description.headersChanged) this.#answer(running, description);
      else this.#outcome(running, int(outcomeKind.continue), null);
    } else if (request !== null && !answersItself(running.fields.phase)) {
      const description = describeRequest(request);
      if (description.headersChanged) this.#replaceRequest(running, description);
      else this.#outcome(running, int(outcomeKind.continue), null);
    } else throw new TypeError(invalidResult("fetch", undefined));
  }

  #answer(running: Running, description: ResponseDescription): void {
    const { status, headers, body, joinSocket } = description;
    if (this.#refusesHeaders(running, headers)) return;
    if (joinSocket !== null) {
      if (running.response !== null)
        throw new TypeError("Cannot answer with a WebSocket: the hook is about a response");
      const id = this.#takeId();
      const socket = this.#sockets.open(id, running.id);
      this.#outcome(running, int(outcomeKind.upgrade) + int(id) + text(headers), null);
      joinSocket(socket);
      return;
    }
    const described = this.#body(running, body);
    this.#outcome(running, int(outcomeKind.response) + int(status) + text(headers) + described.payload, described);
  }

  #replaceRequest(running: Running, { method, url, headers, body }: RequestDescription): void {
    if (this.#refusesHeaders(running, headers)) return;
    const described = this.#body(running, body);
    this.#outcome(
      running,
      int(outcomeKind.request) + text(method) + text(url) + text(headers) + described.payload,
      described,
    );
  }

  /** The host checks again; what is much too large is not to get there. */
  #refusesHeaders(running: Running, headers: string): boolean {
    const refusal = headersRefusal(headers);
    if (refusal !== null) this.#fail(running, "FUNCTION_HEADERS_TOO_LARGE", new RangeError(refusal));
    return refusal !== null;
  }

  #body(running: Running, body: OutgoingBody): DescribedBody {
    if (body.kind !== "stream") return describeBody(body, this.#streams);
    const described = describeBody(body, this.#streams, {
      onEnd: () => {
        this.#release(running);
      },
      // Nobody reads the answer any more: what the function still does for it can stop.
      onStop: () => {
        this.#abort(running);
      },
    });
    running.pending += 1;
    return described;
  }

  #fail(running: Running, code: ErrorCode, error: unknown): void {
    if (running.answered) return;
    const payload =
      int(outcomeKind.failed) +
      text(LoadFailure.is(error) ? "FUNCTION_LOAD_FAILED" : code) +
      text(messageOf(error)) +
      text(stackOf(error)) +
      int(running.passThrough ? 1 : 0);
    this.#outcome(running, payload, null);
  }

  #outcome(running: Running, payload: string, body: DescribedBody | null): void {
    if (running.answered) return;
    running.answered = true;
    running.pending -= 1;
    const ended = running.pending === 0;
    const whole = int(running.id) + int(ended ? 1 : 0) + payload;
    if (body === null || body.buffer === null) this.#outbox.write(fromGuest.outcome, whole);
    else this.#outbox.writeWithBuffers(fromGuest.outcome, whole, [body.buffer]);
    if (ended) this.#running.delete(running.id);
  }

  #release(running: Running): void {
    running.pending -= 1;
    if (running.pending > 0) return;
    this.#running.delete(running.id);
    this.#outbox.write(fromGuest.ended, int(running.id));
  }

  #log(id: number, level: LogLevel, message: string): void {
    const account = this.#running.get(id) ?? this.#afterwards;
    if (account.logCharsLeft <= 0) return;
    const line = oneLine(message);
    // An empty line costs as much to send as a short one.
    account.logCharsLeft -= line.length + 1;
    this.#outbox.write(fromGuest.log, int(id) + int(logLevels.indexOf(level)) + text(line));
  }
}

function nothing(): void {}

function isThenable(value: unknown): boolean {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  if (value instanceof Promise) return true;
  return !isResponse(value) && !isRequest(value) && typeof (value as { then?: unknown }).then === "function";
}

function clientGone(): DOMException {
  return new DOMException("The client went away", "AbortError");
}
