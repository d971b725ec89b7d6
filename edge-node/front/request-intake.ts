/**
 * What every listener of a front does with a request whose head it has read: lets it in or not, takes it through the pipeline, hands its answer back.
 *
 * Knows no socket: an answer goes to a sink. Invariants: a request sees one routing from beginning to end; every request that was let in is
 * answered, broken off visibly, or was given up by its client; all listeners of a front share one bound on requests and one on WebSockets.
 */
import type { Body } from "../../runtime/body.ts";
import type { ClientTls } from "../../runtime/driver.ts";
import type { GuestSocket } from "../../runtime/socket.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Logger } from "../logger.ts";
import type { AccessLog, LoggedRequest } from "../access-log/access-log.ts";
import { cacheResult } from "../pipeline/cache-note.ts";
import { errorAnswer } from "../pipeline/error-answer.ts";
import { Exchange, type AddressSource, type ResponseMessage } from "../pipeline/exchange.ts";
import { UNKNOWN_DOMAIN, type DomainCounts } from "../pipeline/pipeline-metrics.ts";
import { runPipeline } from "../pipeline/run-pipeline.ts";
import type { Services } from "../pipeline/services.ts";
import { changeScheme } from "../pipeline/wire-url.ts";
import { emptyRouting, type Routing } from "../routing/routing.ts";
import type { AddressSet } from "../policy/address-set.ts";
import { forwardedClient } from "./forwarded-client.ts";
import type { IncomingHead } from "./incoming-head.ts";

export interface SendOptions {
  readonly method: string;
  /** Ask the client not to use the connection again. */
  readonly isLast: boolean;
}

/** How a request came. */
export interface Transport {
  readonly protocol: "http/1.1" | "h2";
  /** Such as `TLSv1.3`; null: not over TLS. */
  readonly tls: string | null;
}

/** The way back to one client. */
export interface AnswerSink {
  /** The client leaves after this answer. */
  readonly isLast: boolean;
  /** Bytes of the answer's body that were handed over so far. */
  readonly sentBytes: number;
  readonly transport: Transport;
  /** Null: it was handed over at once. Never rejects because of the client. */
  send(answer: ResponseMessage, options: SendOptions): Promise<void> | null;
  /** Sends a 101 and joins the client with the other end; null when the client did not ask for a WebSocket. */
  readonly upgrade: ((answer: ResponseMessage, guest: GuestSocket) => Promise<void> | void) | null;
}

export interface IntakeOptions {
  readonly services: Services;
  readonly logger: Logger;
  /** Proxies whose word about their clients is taken; undefined: nobody's. */
  readonly trustedProxies: AddressSet | undefined;
  readonly requestIdPrefix: string;
  /** Null: no domain's answers are logged. */
  readonly accessLog: AccessLog | null;
  readonly requestsMax: number;
  readonly socketsMax: number;
  /** Open WebSockets of all listeners. */
  readonly socketsOpen: () => number;
}

/** What a listener knows of a request beside its head. */
export interface Arrival {
  readonly body: Body;
  /** The address at the other end of the connection. */
  readonly peer: string | AddressSource;
  /** The protocols a client offers that asks for a WebSocket; null: it does not ask for one. */
  readonly socketProtocols: readonly string[] | null;
  /** Default null: a plain connection. */
  readonly tls?: ClientTls | null;
  /** Default false: what asks for a WebSocket takes 101 alone for one. */
  readonly opensTunnel?: boolean;
}

export class RequestIntake {
  readonly #options: IntakeOptions;
  #routing: Routing = emptyRouting;
  #requestsInFlight = 0;
  #requestCount = 0;
  #isDraining = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get requestsInFlight(): number {
    return this.#requestsInFlight;
  }

  get routing(): Routing {
    return this.#routing;
  }

  /** New requests are routed by it from now on. */
  setRouting(routing: Routing): void {
    this.#routing = routing;
  }

  /** Why the request is not let in; null: it is. */
  judge(head: IncomingHead, kind: "request" | "socket"): ErrorCode | null {
    const { requestsMax, socketsMax, socketsOpen } = this.#options;
    if (this.#requestsInFlight >= requestsMax) return "NODE_OVERLOADED";
    if (kind === "socket" && socketsOpen() >= socketsMax) return "NODE_OVERLOADED";
    const isTooLarge = head.bodyBytes !== undefined && head.bodyBytes > messageLimits.requestBodyBytesMax;
    return isTooLarge ? "REQUEST_BODY_TOO_LARGE" : null;
  }

  /** The exchange of a request that is let in. */
  open(head: IncomingHead, { body, peer, socketProtocols, tls = null, opensTunnel = false }: Arrival): Exchange {
    const { trustedProxies } = this.#options;
    const client = trustedProxies === undefined ? null : forwardedClient(addressOf(peer), head, trustedProxies);
    const scheme = client?.scheme ?? head.url.scheme;
    const url = scheme === head.url.scheme ? head.url : changeScheme(head.url, scheme);
    return new Exchange({
      client: { method: head.method, url, headers: head.headers, body },
      requestId: this.nextRequestId(),
      clientIp: client?.address ?? peer,
      domain: this.#routing.find(url.hostname),
      cdnLoop: head.cdnLoop,
      socketProtocols,
      // A proxy's connection says nothing of its client's.
      tls: client === null || client.isPeer ? tls : null,
      opensTunnel,
    });
  }

  /** Takes it through the pipeline and sends the answer. */
  serve(sink: AnswerSink, exchange: Exchange): void {
    const logged = this.#openLog(exchange);
    this.#requestsInFlight++;
    const { services, logger } = this.#options;
    const settle = (answer: ResponseMessage | null): void => {
      try {
        const sending = this.#answer(sink, exchange, { answer, logged });
        if (sending === null) this.#ended();
        else sending.catch(this.logFailure).finally(() => this.#ended());
      } catch (error) {
        this.logFailure(error);
        this.#ended();
      }
    };
    runPipeline(services, exchange, { logger, settle });
  }

  /** Answers what is not let in, and asks the client to leave: what follows on such a connection cannot be trusted to be a request. */
  refuse(sink: AnswerSink, { code, method }: { readonly code: ErrorCode; readonly method: string }): void {
    const requestId = this.nextRequestId();
    const answer = errorAnswer(code, requestId);
    const headers = `${answer.headers}x-request-id:${requestId}\n`;
    this.#options.services.metrics.countAnswer(UNKNOWN_DOMAIN, { status: answer.status, cache: "none" });
    sink.send({ ...answer, headers }, { method, isLast: true })?.catch(this.logFailure);
  }

  /** From now on clients are asked to leave; resolves when nothing is in flight or `timeoutMs` passed. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#requestsInFlight === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.services.clock.after(timeoutMs, resolve);
      this.#whenIdle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  readonly logFailure = (error: unknown): void => {
    this.#options.logger.error({ err: error }, "request.failed");
  };

  #openLog(exchange: Exchange): LoggedRequest | null {
    const policy = exchange.domain?.config.access_log;
    const logged = policy === undefined ? null : (this.#options.accessLog?.open(policy) ?? null);
    if (logged !== null) exchange.rememberClient();
    return logged;
  }

  /** Null: it was handed over at once. */
  #answer(
    sink: AnswerSink,
    exchange: Exchange,
    { answer, logged }: { readonly answer: ResponseMessage | null; readonly logged: LoggedRequest | null },
  ): Promise<void> | null {
    const status = answer?.status ?? CLIENT_GONE;
    const counts = this.#count(exchange, status);
    const firstByteAtMs = logged === null ? 0 : this.#options.services.clock.monotonicMs();
    const sending = answer === null ? null : this.#send(sink, exchange, answer);
    const sent = (): void => {
      counts.sentBytes += sink.sentBytes;
      if (logged !== null) this.#log(sink, exchange, { request: logged, status, firstByteAtMs });
    };
    if (sending !== null) return sending.then(sent);
    sent();
    return null;
  }

  #ended(): void {
    this.#requestsInFlight--;
    if (this.#requestsInFlight === 0) this.#idle();
  }

  #send(sink: AnswerSink, exchange: Exchange, answer: ResponseMessage): Promise<void> | null {
    if (exchange.socket !== null && sink.upgrade !== null) return sink.upgrade(answer, exchange.socket) ?? null;
    return sink.send(answer, { method: exchange.client.method, isLast: sink.isLast || this.#isDraining });
  }

  #count({ domain, cacheNote }: Exchange, status: number): DomainCounts {
    const name = domain?.config.domain ?? UNKNOWN_DOMAIN;
    const counts = this.#options.services.metrics.countAnswer(name, { status, cache: cacheResult(cacheNote) });
    if (cacheNote.kind === "forward" && cacheNote.collapsed) counts.collapsed++;
    return counts;
  }

  #log(
    sink: AnswerSink,
    exchange: Exchange,
    answer: { readonly request: LoggedRequest; readonly status: number; readonly firstByteAtMs: number },
  ): void {
    const { request, status, firstByteAtMs } = answer;
    this.#options.accessLog?.add(exchange, {
      request,
      status,
      bytes: sink.sentBytes,
      durationMs: this.#options.services.clock.monotonicMs() - request.startedMs,
      firstByteMs: firstByteAtMs - request.startedMs,
      ...sink.transport,
    });
  }

  /** Unique in the fleet. */
  nextRequestId(): string {
    return `${this.#options.requestIdPrefix}-${(this.#requestCount++).toString(36)}`;
  }

  #idle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

function addressOf(peer: string | AddressSource): string {
  return typeof peer === "string" ? peer : peer.clientIp();
}

/** What metrics count for a client that did not wait for its answer. */
const CLIENT_GONE = 499;
