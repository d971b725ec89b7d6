/**
 * One front: sockets in, pipeline, sockets out. Plain connections are uWebSockets' (here), those over TLS are in tls-listener.ts; what both do with a
 * request is in request-intake.ts.
 *
 * Knows neither the control plane nor the disk: routing comes by `setRouting`, certificates by `setCertificates`, the driver is given.
 */
import { setImmediate } from "node:timers";
import type { Driver } from "../../runtime/driver.ts";
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import type { VersionTally } from "../../sdk/statistics.ts";
import type { ExplainMessage, ExplainReport } from "../../sdk/explain.ts";
import { emptyBody } from "../../runtime/body.ts";
import { connectionLimits, nodeLimits, socketLimits } from "../../sdk/limits.ts";
import type { PreheatResult } from "../../sdk/purge.ts";
import type { CacheNews, NewsSender } from "../cache/cache-news.ts";
import { DiskTier } from "../cache/disk-tier.ts";
import type { DiskStore } from "../cache/disk/disk-store.ts";
import { PurgeTable, type Purge } from "../cache/purge-table.ts";
import type { PurgeView } from "../cache/purge-view.ts";
import { MemoryCache } from "../cache/memory-cache.ts";
import { MemoryFunctionCaches } from "../cache/memory-function-caches.ts";
import type { AccessLog } from "../access-log/access-log.ts";
import type { Clock } from "../clock.ts";
import { Compressor } from "../compression/compressor.ts";
import type { Logger } from "../logger.ts";
import { Connections, type Resolver } from "../origin/connections.ts";
import { Origins } from "../origin/origins.ts";
import type { EgressPolicy } from "../../sdk/egress-policy.ts";
import { Collapser } from "../pipeline/collapser.ts";
import { PipelineMetrics } from "../pipeline/pipeline-metrics.ts";
import { Renewals } from "../pipeline/renewals.ts";
import { ShownHeads } from "../pipeline/shown-heads.ts";
import type { AddressSet } from "../policy/address-set.ts";
import { RequestRates } from "../policy/request-rates.ts";
import type { FunctionLog, Services } from "../pipeline/services.ts";
import { limitedDomains } from "../routing/limited-domains.ts";
import type { Routing } from "../routing/routing.ts";
import { BackgroundTasks } from "../supervisor/background-tasks.ts";
import type { Uws, UwsApp, UwsListenSocket, UwsRequest, UwsResponse } from "../uws.ts";
import { ClientSockets } from "./client-sockets.ts";
import { contained } from "./contained.ts";
import { ConnectionGate, type Census } from "./connection-gate.ts";
import { HeadReader } from "./incoming-head.ts";
import { explainRequest } from "../explain/explain-request.ts";
import { invokeDirectly } from "./invoke-directly.ts";
import { reportMetrics } from "./metrics-report.ts";
import type { MetricReport } from "./metric-report.ts";
import { createPlainApp } from "./plain-app.ts";
import { Preheater } from "./preheater.ts";
import { Prewarmer } from "./prewarmer.ts";
import { RequestBody } from "./request-body.ts";
import { RequestIntake } from "./request-intake.ts";
import type { ServingCertificate } from "./server-certificates.ts";
import { takeCacheNews } from "./take-cache-news.ts";
import { createTrustedProxies } from "./trusted-proxies.ts";
import { TlsListener } from "./tls-listener.ts";
import { ServedRequest, type SendingTerms } from "./served-request.ts";
import { TurnBudget } from "./turn-budget.ts";
import type { UpgradeFields } from "./upgrade-fields.ts";

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
  /** Addresses and CIDR networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Default none. */
  readonly trustedProxyNetworks?: readonly string[];
  readonly cacheBytesMax: number;
  /** What memory does not hold; the front closes it. `objectBytesMax`: the longest body; `minUses`: the use with which it is written. Default: nothing. */
  readonly disk?: { readonly store: DiskStore; readonly objectBytesMax: number; readonly minUses: number };
  /** Tells the node's other fronts, whose news come by `takeNews`; the front closes it. Default: there are none. */
  readonly news?: NewsSender;
  /** Default: what `addPurges` and `replacePurges` say. */
  readonly purges?: PurgeView;
  /** Begins every request id of this front; unique in the fleet, 1..40 characters of `[A-Za-z0-9_-]`. */
  readonly requestIdPrefix: string;
  /** Default: no answers are logged. The front closes it. */
  readonly accessLog?: AccessLog;
  /** Default `nodeLimits.requestsMax`. */
  readonly requestsMax?: number;
  /** Default `socketLimits.perFrontMax`. */
  readonly socketsMax?: number;
  /** Default `connectionLimits.perFront` and `perAddress`. */
  readonly connectionsMax?: number;
  readonly connectionsPerAddressMax?: number;
  /** Counts the connections of a port by client network. Default: unknown, so that addresses have no bound of their own on the plain port. */
  readonly census?: (port: number) => ReturnType<Census>;
  readonly onLog: (record: FunctionLog) => void;
  /** A stack of a version (by the driver's key) in the author's positions. Default: as it is. */
  readonly mapStack?: (key: string, stack: string) => Promise<string>;
}

export interface Front {
  readonly requestsInFlight: number;
  /** New requests are routed by it from now on. */
  setRouting(routing: Routing): void;
  /** New connections over TLS are served with them from now on; those that are open go on. */
  setCertificates(certificates: readonly ServingCertificate[]): void;
  /** Resolves with the port. Several processes may listen on one. Rejects when the port cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** The same for connections over TLS. */
  listenTls(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Runs one hook directly; never rejects. */
  invoke(message: InvokeMessage): Promise<InvokeResult>;
  /** From now on nothing is served that was purged. */
  addPurges(purges: readonly Purge[]): void;
  /** In place of all purges before. */
  replacePurges(purges: readonly Purge[]): void;
  /** Seals TLS session tickets from now on, and opens them; 48 bytes in base64. Default: a key of its own. */
  setTicketKey(key: string): void;
  /** Takes what another front of the node tells of its cache. */
  takeNews(news: CacheNews): void;
  /** Fetches URLs into the cache as if a client asked; never rejects. */
  preheat(urls: readonly string[]): Promise<readonly PreheatResult[]>;
  /** What would be done with a request, and why. */
  explain(message: ExplainMessage): Promise<ExplainReport>;
  metrics(): Promise<readonly MetricReport[]>;
  /** What function versions did since it was taken last. */
  takeTallies(): readonly VersionTally[];
  /** Stops accepting connections and asks clients to leave; resolves when nothing is in flight or `timeoutMs` passed. */
  drain(timeoutMs: number): Promise<void>;
  /** Breaks off what is left and lets go of every connection. */
  close(): Promise<void>;
}

/** Makes a front; it serves nothing before `listen` and knows no domain before `setRouting`. The driver stays the caller's. */
export function createFront(options: FrontOptions): Front {
  return new UwsFront(options);
}

const MARKS_BYTES = 65_536;

class UwsFront implements Front {
  readonly #options: FrontOptions;
  readonly #services: Services;
  readonly #intake: RequestIntake;
  readonly #app: UwsApp;
  readonly #reader = new HeadReader({ scheme: "http", values: "utf-8" });
  readonly #sockets: ClientSockets;
  readonly #tls: TlsListener;
  readonly #gate: ConnectionGate;
  readonly #turn = new TurnBudget(connectionLimits.requestsPerTurnMax);
  readonly #terms: SendingTerms;
  #port = 0;
  readonly #background: BackgroundTasks;
  readonly #purges = new PurgeTable();
  readonly #preheater: Preheater;
  #listenSockets: UwsListenSocket[] = [];

  constructor(options: FrontOptions) {
    const { authorities, clock, disk, logger, news, random, requestIdPrefix, resolver } = options;
    this.#options = options;
    this.#background = new BackgroundTasks(logger);
    this.#sockets = new ClientSockets({ logger });
    const connecting = {
      clock,
      ...(resolver === undefined ? {} : { resolver }),
      ...(authorities === undefined ? {} : { authorities }),
    };
    const originConnections = new Connections({ policy: options.originEgress, ...connecting });
    const metrics = new PipelineMetrics();
    const keepsInMemory = options.cacheBytesMax > 0;
    // Without room for what answers vary with, variants on the disk would replace each other.
    const cache = new MemoryCache({ bytesMax: Math.max(options.cacheBytesMax, disk === undefined ? 0 : MARKS_BYTES) });
    this.#services = {
      driver: options.driver,
      clock,
      random: options.random,
      cache,
      shownHeads: new ShownHeads(),
      disk:
        disk === undefined
          ? null
          : new DiskTier({ ...disk, memory: cache, keepsInMemory, clock, onUse: (key) => news?.used(key) }),
      news: news ?? null,
      purges: options.purges ?? this.#purges,
      functionCaches: new MemoryFunctionCaches({ clock }),
      routing: () => this.#intake.routing,
      collapser: new Collapser({ clock }),
      renewals: new Renewals({ logger }),
      requestRates: new RequestRates(),
      compressor: new Compressor(),
      originConnections,
      origins: new Origins({ clock, random, connections: originConnections, metrics }),
      functionConnections: new Connections({ policy: options.functionEgress, ...connecting }),
      metrics,
      background: this.#background,
      onLog: options.onLog,
      mapStack: options.mapStack ?? ((_key, stack) => Promise.resolve(stack)),
    };
    const trustedProxies = createTrustedProxies(options.trustedProxyNetworks);
    this.#terms = { clock, random, counts: { stalled: 0 }, logger };
    this.#gate = this.#createGate(trustedProxies);
    this.#intake = new RequestIntake({
      services: this.#services,
      logger,
      trustedProxies,
      requestIdPrefix,
      accessLog: options.accessLog ?? null,
      requestsMax: options.requestsMax ?? nodeLimits.requestsMax,
      socketsMax: options.socketsMax ?? socketLimits.perFrontMax,
      socketsOpen: () => this.#socketsOpen,
    });
    const prewarmer = new Prewarmer(this.#services);
    const onServerName = (serverName: string): void => prewarmer.expect(serverName);
    this.#tls = new TlsListener({ intake: this.#intake, gate: this.#gate, clock, logger, onServerName });
    this.#preheater = new Preheater({ services: this.#services, intake: this.#intake, logger });
    this.#app = createPlainApp(options.uws, {
      gate: this.#gate,
      sockets: this.#sockets,
      logger,
      receive: (response, request, upgrade) => this.#receive(response, request, upgrade),
    });
  }

  #createGate(trustedProxies: AddressSet | undefined): ConnectionGate {
    const { census, clock, connectionsMax, connectionsPerAddressMax } = this.#options;
    return new ConnectionGate({
      connectionsMax: connectionsMax ?? connectionLimits.perFront.default,
      perAddressMax: connectionsPerAddressMax ?? connectionLimits.perAddress.default,
      isExempt: (address) => trustedProxies?.has(address) === true,
      census: census === undefined ? null : () => census(this.#port),
      clock,
    });
  }

  get requestsInFlight(): number {
    return this.#intake.requestsInFlight;
  }

  get #socketsOpen(): number {
    return this.#sockets.size + this.#tls.socketsOpen;
  }

  setRouting(routing: Routing): void {
    this.#intake.setRouting(routing);
    this.#services.origins.keep(routing.domains.map(({ origins }) => origins));
    this.#services.requestRates.keep(limitedDomains(routing));
    this.#services.functionCaches.keepOnly((name) => routing.knows(name));
  }

  setCertificates(certificates: readonly ServingCertificate[]): void {
    this.#tls.setCertificates(certificates);
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    const { uws } = this.#options;
    const first = await this.#listenSocket(host, port);
    const chosen = uws.us_socket_local_port(first);
    this.#port = chosen;
    if (port !== 0) {
      this.#listenSockets.push(first);
      return chosen;
    }
    // The library makes a socket that others can share only when it is told the port.
    uws.us_listen_socket_close(first);
    this.#listenSockets.push(await this.#listenSocket(host, chosen));
    return chosen;
  }

  listenTls(address: { readonly host: string; readonly port: number }): Promise<number> {
    return this.#tls.listen(address);
  }

  invoke(message: InvokeMessage): Promise<InvokeResult> {
    return invokeDirectly(this.#services, { routing: this.#intake.routing, message });
  }

  addPurges(purges: readonly Purge[]): void {
    for (const purge of purges) this.#purges.add(purge);
    // Nothing of it would be served again; its memory is free at once.
    if (purges.some(({ target, mode }) => mode === "hard" && target.kind === "all" && target.domain === null)) {
      this.#services.cache.clear();
    }
  }

  replacePurges(purges: readonly Purge[]): void {
    this.#purges.replace(purges);
  }

  setTicketKey(key: string): void {
    this.#tls.setTicketKey(key);
  }

  takeNews(news: CacheNews): void {
    takeCacheNews(this.#services, news);
  }

  preheat(urls: readonly string[]): Promise<readonly PreheatResult[]> {
    return this.#preheater.preheat(urls);
  }

  explain(message: ExplainMessage): Promise<ExplainReport> {
    return explainRequest(this.#services, { routing: this.#intake.routing, message });
  }

  metrics(): Promise<readonly MetricReport[]> {
    const { cache, disk, functionCaches, metrics } = this.#services;
    const gauges = {
      requestsInFlight: this.requestsInFlight,
      socketsOpen: this.#socketsOpen,
      cacheBytes: cache.bytes,
      cacheEntries: cache.size,
      functionCacheBytes: functionCaches.bytes,
      functionCacheEntries: functionCaches.entries,
      connections: { ...this.#gate.counts, ...this.#terms.counts, deferred: this.#turn.refused },
      tls: this.#tls.counts,
      accessLog: this.#options.accessLog?.counts ?? { written: 0, dropped: 0 },
      disk: disk?.stats ?? null,
    };
    return Promise.resolve(reportMetrics(metrics, gauges));
  }

  takeTallies(): readonly VersionTally[] {
    return this.#services.metrics.tallies.take();
  }

  async drain(timeoutMs: number): Promise<void> {
    for (const socket of this.#listenSockets) this.#options.uws.us_listen_socket_close(socket);
    this.#listenSockets = [];
    this.#sockets.closeAll();
    this.#tls.drain();
    await this.#intake.drain(timeoutMs);
    await this.#options.accessLog?.flush();
  }

  async close(): Promise<void> {
    void this.#intake.drain(0);
    this.#listenSockets = [];
    this.#app.close();
    this.#services.origins.close();
    this.#tls.close();
    await Promise.all([this.#services.originConnections.close(), this.#services.functionConnections.close()]);
    await this.#background.settled();
    this.#options.news?.close();
    await this.#options.accessLog?.close();
    await this.#options.disk?.store.close();
  }

  #listenSocket(host: string, port: number): Promise<UwsListenSocket> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, (socket) => {
        if (socket !== false) resolve(socket);
        else reject(new Error(`Cannot listen on ${host}:${port}: the port is taken or not allowed`));
      });
    });
  }

  /** The only entry of plain requests; the request object is valid until this returns. */
  #receive(response: UwsResponse, request: UwsRequest, upgrade: UpgradeFields | null): void {
    const { logger } = this.#options;
    const head = this.#reader.read(request);
    const code =
      head.kind === "refused" ? head.code : this.#intake.judge(head, upgrade === null ? "request" : "socket");
    if (head.kind === "refused" || code !== null) {
      const refused = new ServedRequest(response, { requestBody: null, isLast: true, terms: this.#terms });
      this.#intake.refuse(refused, { code: code ?? "REQUEST_MALFORMED", method: head.method });
      refused.outliveHandler();
      return;
    }
    const body = head.bodyBytes === 0 ? null : new RequestBody(response, { lengthBytes: head.bodyBytes, logger });
    // Where a chunked body ends another parser may see differently than the library does.
    const isLast = head.isLast || head.bodyBytes === undefined;
    const isClosedByLibrary = head.isLast && request.getHeader("connection") === "close";
    const served = new ServedRequest(response, { requestBody: body, isLast, isClosedByLibrary, terms: this.#terms });
    if (upgrade !== null)
      served.upgrade = (answer, guest) => this.#sockets.upgrade(served, answer, { guest, fields: upgrade });
    const exchange = this.#intake.open(head, {
      body: body?.body ?? emptyBody,
      peer: served,
      socketProtocols: upgrade?.protocols ?? null,
    });
    served.exchange = exchange;
    // Who asks for the connection's end may be of a time before such answers (RFC 9110 §15.2); an upgrade has a head of its own.
    if (upgrade === null && !head.isLast) exchange.informed = served;
    if (this.#turn.take()) this.#intake.serve(served, exchange);
    // The library ends a connection on which another request comes before the answer: nobody keeps a turn for himself.
    else
      setImmediate(
        contained(() => served.isOver || this.#intake.serve(served, exchange), {
          logger,
          lose: () => served.breakOff(),
        }),
      );
    if (served.isOver) return;
    exchange.rememberClient();
    served.outliveHandler();
  }
}
