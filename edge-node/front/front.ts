/**
 * One front: sockets in, pipeline, sockets out.
 *
 * Knows neither the control plane nor the disk: routing comes by `setRouting`, the driver is given. Invariants: a request sees one routing
 * from beginning to end; every request that is accepted is answered, broken off visibly, or was given up by its client.
 */
import type { Driver } from "../../runtime/driver.ts";
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import { emptyBody } from "../../runtime/body.ts";
import { messageLimits, nodeLimits, socketLimits } from "../../sdk/limits.ts";
import { MemoryCache } from "../cache/memory-cache.ts";
import { nothingPurged, type PurgeView } from "../cache/purge-view.ts";
import { MemoryFunctionCaches } from "../cache/memory-function-caches.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { Connections, type Resolver } from "../origin/connections.ts";
import { Origins } from "../origin/origins.ts";
import type { EgressPolicy } from "../origin/egress-policy.ts";
import { cacheWord } from "../pipeline/cache-note.ts";
import { Collapser } from "../pipeline/collapser.ts";
import { errorAnswer } from "../pipeline/error-answer.ts";
import { Exchange, type ResponseMessage } from "../pipeline/exchange.ts";
import { PipelineMetrics, UNKNOWN_DOMAIN } from "../pipeline/pipeline-metrics.ts";
import { Renewals } from "../pipeline/renewals.ts";
import { runPipeline } from "../pipeline/run-pipeline.ts";
import type { FunctionLog, Services } from "../pipeline/services.ts";
import { emptyRouting, type Routing } from "../routing/routing.ts";
import { BackgroundTasks } from "../supervisor/background-tasks.ts";
import type { Uws, UwsApp, UwsListenSocket, UwsRequest, UwsResponse } from "../uws.ts";
import { clientAddress } from "./client-address.ts";
import { ClientSockets } from "./client-sockets.ts";
import { HeadReader, type RefusedHead } from "./incoming-head.ts";
import { invokeDirectly } from "./invoke-directly.ts";
import { reportMetrics, type MetricReport } from "./metrics-report.ts";
import { RequestBody } from "./request-body.ts";
import { sendAnswer } from "./send-answer.ts";
import { ServedRequest } from "./served-request.ts";
import { readUpgrade, type UpgradeFields } from "./upgrade-fields.ts";

export interface FrontOptions {
  /** From `loadUws()`. */
  readonly uws: Uws;
  readonly driver: Driver;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Where origins may be. */
  readonly originEgress: EgressPolicy;
  /** Where functions may go. */
  readonly functionEgress: EgressPolicy;
  /** Default `dns.lookup`. */
  readonly resolver?: Resolver;
  /** Certificate authorities that https origins are checked against, PEM. Default: those of Node.js and of the machine. */
  readonly authorities?: readonly string[];
  readonly cacheBytesMax: number;
  /** Default: nothing is ever purged. */
  readonly purges?: PurgeView;
  /** Begins every request id of this front; unique in the fleet, 1..40 characters of `[A-Za-z0-9_-]`. */
  readonly requestIdPrefix: string;
  /** Default `nodeLimits.requestsMax`. */
  readonly requestsMax?: number;
  /** Default `socketLimits.perFrontMax`. */
  readonly socketsMax?: number;
  readonly onLog: (record: FunctionLog) => void;
  /** A stack of a version (by the driver's key) in the author's positions. Default: as it is. */
  readonly mapStack?: (key: string, stack: string) => Promise<string>;
}

export interface Front {
  readonly requestsInFlight: number;
  /** New requests are routed by it from now on. */
  setRouting(routing: Routing): void;
  /** Resolves with the port. Several processes may listen on one. Rejects when the port cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Runs one hook directly; never rejects. */
  invoke(message: InvokeMessage): Promise<InvokeResult>;
  metrics(): Promise<readonly MetricReport[]>;
  /** Stops accepting connections and asks clients to leave; resolves when nothing is in flight or `timeoutMs` passed. */
  drain(timeoutMs: number): Promise<void>;
  /** Breaks off what is left and lets go of every connection. */
  close(): Promise<void>;
}

/** Makes a front; it serves nothing before `listen` and knows no domain before `setRouting`. The driver stays the caller's. */
export function createFront(options: FrontOptions): Front {
  return new UwsFront(options);
}

class UwsFront implements Front {
  readonly #options: FrontOptions;
  readonly #services: Services;
  readonly #app: UwsApp;
  readonly #reader = new HeadReader();
  readonly #sockets = new ClientSockets();
  readonly #background: BackgroundTasks;
  readonly #requestsMax: number;
  readonly #socketsMax: number;
  #routing: Routing = emptyRouting;
  #listenSockets: UwsListenSocket[] = [];
  #requestsInFlight = 0;
  #requestCount = 0;
  #isDraining = false;
  #whenIdle: (() => void)[] = [];

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#background = new BackgroundTasks(options.logger);
    this.#requestsMax = options.requestsMax ?? nodeLimits.requestsMax;
    this.#socketsMax = options.socketsMax ?? socketLimits.perFrontMax;
    const { clock, random, resolver, authorities } = options;
    const connecting = {
      ...(resolver === undefined ? {} : { resolver }),
      ...(authorities === undefined ? {} : { authorities }),
    };
    const originConnections = new Connections({ policy: options.originEgress, ...connecting });
    const metrics = new PipelineMetrics();
    this.#services = {
      driver: options.driver,
      clock: options.clock,
      random: options.random,
      cache: new MemoryCache({ bytesMax: options.cacheBytesMax }),
      functionCaches: new MemoryFunctionCaches({ clock: options.clock }),
      routing: () => this.#routing,
      collapser: new Collapser({ clock: options.clock }),
      renewals: new Renewals({ logger: options.logger }),
      purges: options.purges ?? nothingPurged,
      originConnections,
      origins: new Origins({ clock, random, connections: originConnections, metrics }),
      functionConnections: new Connections({ policy: options.functionEgress, ...connecting }),
      metrics,
      background: this.#background,
      onLog: options.onLog,
      mapStack: options.mapStack ?? ((_key, stack) => Promise.resolve(stack)),
    };
    const upgrading = this.#sockets.behavior((response, request, context) =>
      this.#receive(response, request, readUpgrade(request, context)),
    );
    this.#app = options.uws
      .App()
      .ws("/*", upgrading)
      .any("/*", (response, request) => this.#receive(response, request, null));
  }

  get requestsInFlight(): number {
    return this.#requestsInFlight;
  }

  setRouting(routing: Routing): void {
    this.#routing = routing;
    this.#services.origins.keep(routing.domains.map(({ origins }) => origins));
    this.#services.functionCaches.keepOnly((name) => routing.knows(name));
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    const { uws } = this.#options;
    const first = await this.#listenSocket(host, port);
    const chosen = uws.us_socket_local_port(first);
    if (port !== 0) {
      this.#listenSockets.push(first);
      return chosen;
    }
    // The library makes a socket that others can share only when it is told the port.
    uws.us_listen_socket_close(first);
    this.#listenSockets.push(await this.#listenSocket(host, chosen));
    return chosen;
  }

  invoke(message: InvokeMessage): Promise<InvokeResult> {
    return invokeDirectly(this.#services, { routing: this.#routing, message });
  }

  metrics(): Promise<readonly MetricReport[]> {
    const { cache, functionCaches, metrics } = this.#services;
    const gauges = {
      requestsInFlight: this.#requestsInFlight,
      socketsOpen: this.#sockets.size,
      cacheBytes: cache.bytes,
      cacheEntries: cache.size,
      functionCacheBytes: functionCaches.bytes,
      functionCacheEntries: functionCaches.entries,
    };
    return Promise.resolve(reportMetrics(metrics, gauges));
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true;
    for (const socket of this.#listenSockets) this.#options.uws.us_listen_socket_close(socket);
    this.#listenSockets = [];
    this.#sockets.closeAll();
    if (this.#requestsInFlight === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, resolve);
      this.#whenIdle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    this.#listenSockets = [];
    this.#app.close();
    this.#services.origins.close();
    await Promise.all([this.#services.originConnections.close(), this.#services.functionConnections.close()]);
    await this.#background.settled();
  }

  #listenSocket(host: string, port: number): Promise<UwsListenSocket> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, (socket) => {
        if (socket !== false) resolve(socket);
        else reject(new Error(`Cannot listen on ${host}:${port}: the port is taken or not allowed`));
      });
    });
  }

  /** The only entry of requests; the request object is valid until this returns. */
  #receive(response: UwsResponse, request: UwsRequest, upgrade: UpgradeFields | null): void {
    const head = this.#reader.read(request);
    if (head.kind === "refused") {
      this.#refuse(response, head);
      return;
    }
    const isFull = this.#requestsInFlight >= this.#requestsMax;
    if (isFull || (upgrade !== null && this.#sockets.size >= this.#socketsMax)) {
      this.#refuse(response, { kind: "refused", code: "NODE_OVERLOADED", method: head.method });
      return;
    }
    if (head.bodyBytes !== undefined && head.bodyBytes > messageLimits.requestBodyBytesMax) {
      this.#refuse(response, { kind: "refused", code: "REQUEST_BODY_TOO_LARGE", method: head.method });
      return;
    }
    const body = head.bodyBytes === 0 ? null : new RequestBody(response, head.bodyBytes);
    const served = new ServedRequest(response, { requestBody: body, isLast: head.isLast });
    const exchange = new Exchange({
      client: { method: head.method, url: head.url, headers: head.headers, body: body?.body ?? emptyBody },
      requestId: this.#nextRequestId(),
      clientIp: clientAddress(response.getRemoteAddress()),
      domain: this.#routing.find(head.url.hostname),
      cdnLoop: head.cdnLoop,
      socketProtocols: upgrade?.protocols ?? null,
    });
    served.exchange = exchange;
    this.#requestsInFlight++;
    this.#serve(served, exchange, upgrade).catch(this.#logFailure);
  }

  async #serve(served: ServedRequest, exchange: Exchange, upgrade: UpgradeFields | null): Promise<void> {
    try {
      const answer = await runPipeline(this.#services, exchange, this.#options);
      this.#count(exchange, answer);
      if (answer === null) return;
      if (exchange.socket !== null && upgrade !== null) {
        await this.#sockets.upgrade(served, answer, { guest: exchange.socket, fields: upgrade });
        return;
      }
      const options = { method: exchange.client.method, isLast: served.isLast || this.#isDraining };
      const sending = sendAnswer(served, answer, options);
      if (sending !== null) await sending;
    } finally {
      this.#requestsInFlight--;
      if (this.#requestsInFlight === 0) this.#idle();
    }
  }

  #count(exchange: Exchange, answer: ResponseMessage | null): void {
    const domain = exchange.domain?.config.domain ?? UNKNOWN_DOMAIN;
    const status = answer?.status ?? CLIENT_GONE;
    this.#services.metrics.countAnswer(domain, { status, cache: cacheWord(exchange.cacheNote) });
  }

  /** Answers and closes: what follows on such a connection cannot be trusted to be a request. */
  #refuse(response: UwsResponse, { code, method }: RefusedHead): void {
    const requestId = this.#nextRequestId();
    const answer = errorAnswer(code, requestId);
    const headers = `${answer.headers}x-request-id:${requestId}\n`;
    this.#services.metrics.countAnswer(UNKNOWN_DOMAIN, { status: answer.status, cache: "none" });
    const served = new ServedRequest(response, { requestBody: null, isLast: true });
    sendAnswer(served, { ...answer, headers }, { method, isLast: true })?.catch(this.#logFailure);
  }

  #nextRequestId(): string {
    return `${this.#options.requestIdPrefix}-${(this.#requestCount++).toString(36)}`;
  }

  #idle(): void {
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  readonly #logFailure = (error: unknown): void => {
    this.#options.logger.error({ err: error }, "request.failed");
  };
}

/** What metrics count for a client that did not wait for its answer. */
const CLIENT_GONE = 499;
