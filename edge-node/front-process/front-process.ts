/**
 * One front as the supervisor sees it: takes its messages, answers them, and ends when told.
 *
 * Knows neither `process` nor how front and driver are built: both are given. Invariant: states are applied one after the other, in the
 * order of their messages; every message that expects a reply gets exactly one.
 */
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import type { PreheatResult } from "../../sdk/purge.ts";
import type { ExplainMessage, ExplainReport } from "../../sdk/explain.ts";
import type { VersionTally } from "../../sdk/statistics.ts";
import type { Driver } from "../../runtime/driver.ts";
import type { CacheNews } from "../cache/cache-news.ts";
import type { Purge } from "../cache/purge-table.ts";
import type { Clock } from "../clock.ts";
import { BatchSender } from "../control/batch-sender.ts";
import { containmentReports } from "../front/containment-reports.ts";
import type { ContainmentReport } from "../hosts/containment-report.ts";
import type { FrontLogRecord, FromFront, ToFront } from "../ipc.ts";
import type { Logger } from "../logger.ts";
import type { ReservedKeeper } from "../reserved/reserved-keeper.ts";
import { BackgroundTasks } from "../supervisor/background-tasks.ts";
import type { StateApplier } from "./apply-state.ts";
import type { IdleCollection } from "./idle-collection.ts";
import { StatisticsReporter } from "./statistics-reporter.ts";

/** What this file needs of a front (edge-node/front/front.ts). */
export interface ServingFront {
  readonly requestsInFlight: number;
  /** Resolves with the port. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** The same for connections over TLS. */
  listenTls(address: { readonly host: string; readonly port: number }): Promise<number>;
  invoke(message: InvokeMessage): Promise<InvokeResult>;
  /** From now on nothing is served that was purged; `replacePurges` forgets those before. */
  addPurges(purges: readonly Purge[]): void;
  replacePurges(purges: readonly Purge[]): void;
  /** Seals TLS session tickets from now on; base64. */
  setTicketKey(key: string): void;
  /** Takes what another front of the node tells of its cache. */
  takeNews(news: CacheNews): void;
  /** Fetches URLs into the cache as if a client asked; never rejects. */
  preheat(urls: readonly string[]): Promise<readonly PreheatResult[]>;
  explain(message: ExplainMessage): Promise<ExplainReport>;
  /** Counters as prom-client's `getMetricsAsJSON` gives them. */
  metrics(): Promise<readonly object[]>;
  /** What function versions did since it was taken last. */
  takeTallies(): readonly VersionTally[];
  /** Stops accepting and resolves when nothing is in flight or `timeoutMs` passed. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface FrontProcessOptions {
  readonly front: ServingFront;
  readonly driver: Driver;
  /** What was contained so far; null where isolates live in the front. */
  readonly containment: () => ContainmentReport | null;
  readonly applier: StateApplier;
  readonly reserved: ReservedKeeper;
  readonly idleCollection: Pick<IdleCollection, "start" | "metrics">;
  /** Resolves when the message left this process; rejects when it cannot. */
  readonly send: (message: FromFront) => Promise<void>;
  readonly rssBytes: () => number;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOG_INTERVAL_MS = 50;
const LOG_RETRY_MS = 1_000;
const LOG_BATCH_MAX = 200;
const LOG_QUEUE_MAX = 5_000;
/** Longest wait for the driver's hosts to end. */
const CLOSE_MS = 2_000;

export class FrontProcess {
  readonly #options: FrontProcessOptions;
  readonly #tasks: BackgroundTasks;
  readonly #logs: BatchSender<FrontLogRecord>;
  readonly #statistics: StatisticsReporter;
  #applying: Promise<void> = Promise.resolve();
  #draining: Promise<void> | null = null;

  constructor(options: FrontProcessOptions) {
    this.#options = options;
    this.#tasks = new BackgroundTasks(options.logger);
    this.#statistics = new StatisticsReporter({
      takeTallies: () => options.front.takeTallies(),
      stats: () => options.driver.stats(),
      reserved: options.reserved,
      send: (report) => options.send({ kind: "statistics", report }),
      clock: options.clock,
      logger: options.logger,
    });
    this.#logs = new BatchSender({
      send: (records) => options.send({ kind: "logs", records }),
      intervalMs: LOG_INTERVAL_MS,
      retryMs: LOG_RETRY_MS,
      batchMax: LOG_BATCH_MAX,
      queueMax: LOG_QUEUE_MAX,
      clock: options.clock,
    });
  }

  /** Begins to tell what functions do, and to give memory back that nobody needs. */
  start(): void {
    this.#statistics.start();
    this.#options.idleCollection.start();
  }

  /** Takes a function's log record on its way to the control plane. */
  log(record: FrontLogRecord): void {
    this.#logs.push([record]);
  }

  /** Starts what the message asks for; failures are logged. */
  handle(message: Exclude<ToFront, { kind: "start" }>): void {
    this.#tasks.add(message.kind, this.#answer(message));
  }

  /** Ends what is in flight, at most `timeoutMs` long, then the process. Idempotent. */
  drain(timeoutMs: number): Promise<void> {
    this.#draining ??= this.#drain(timeoutMs);
    return this.#draining;
  }

  async #answer(message: Exclude<ToFront, { kind: "start" }>): Promise<void> {
    const { front, send } = this.#options;
    switch (message.kind) {
      case "state":
        this.#applying = this.#applyAfter(this.#applying, message);
        return this.#applying;
      case "listen":
        return this.#listen(message);
      case "ping":
        return send(this.#pong(message.id));
      case "metrics": {
        const [metrics, versions] = await Promise.all([front.metrics(), this.#options.driver.stats()]);
        const contained = this.#options.containment();
        const further = [
          ...this.#options.idleCollection.metrics(),
          ...(contained === null ? [] : containmentReports(contained)),
        ];
        return send({ kind: "metrics", id: message.id, metrics: [...metrics, ...further], versions });
      }
      case "invoke":
        return send({ kind: "invoked", result: await this.#invoke(message.message) });
      case "explain":
        return send({ kind: "explained", report: await this.#explain(message.message) });
      case "purgeTable":
        return front.replacePurges(message.purges);
      case "purge":
        front.addPurges(message.purges);
        return send({ kind: "purged", id: message.id });
      case "ticketKey":
        return front.setTicketKey(message.key);
      case "cacheNews":
        return front.takeNews(message.news);
      case "preheat": {
        const { id, urls } = message.message;
        return send({ kind: "preheated", id, results: await front.preheat(urls) });
      }
      case "drain":
        return this.drain(message.timeoutMs);
    }
  }

  async #applyAfter(previous: Promise<void>, message: Extract<ToFront, { kind: "state" }>): Promise<void> {
    // A reply that could not be sent is logged by its own task and must not keep the next state away.
    await Promise.allSettled([previous]);
    await this.#apply(message);
  }

  async #apply({ id, state }: Extract<ToFront, { kind: "state" }>): Promise<void> {
    const { applier, logger, send } = this.#options;
    try {
      const applied = await applier.apply(state);
      await send({ kind: "applied", id, ...applied });
    } catch (error) {
      logger.error({ err: error, revision: state.state.revision }, "state.refused");
      await send({ kind: "refused", id, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #listen({ host, port, tls }: Extract<ToFront, { kind: "listen" }>): Promise<void> {
    const { front } = this.#options;
    try {
      const bound = await front.listen({ host, port });
      if (tls !== undefined) await front.listenTls(tls);
      await this.#options.send({ kind: "listening", port: bound });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.#options.send({ kind: "failed", message: `cannot listen: ${reason}` });
      this.#options.exit(1);
    }
  }

  #pong(id: number): FromFront {
    const { front, rssBytes } = this.#options;
    return {
      kind: "pong",
      id,
      requestsInFlight: front.requestsInFlight,
      rssBytes: rssBytes(),
      logsDropped: this.#logs.dropped,
      quarantined: this.#options.containment()?.quarantined ?? [],
    };
  }

  async #invoke(message: InvokeMessage): Promise<InvokeResult> {
    const startedAt = this.#options.clock.monotonicMs();
    try {
      return await this.#options.front.invoke(message);
    } catch (error) {
      this.#options.logger.error({ err: error }, "invoke.failed");
      const durationMs = this.#options.clock.monotonicMs() - startedAt;
      const outcome = { kind: "failed", code: "NODE_INTERNAL", message: "the node failed" } as const;
      return { id: message.id, outcome, durationMs, logs: [] };
    }
  }

  async #explain(message: ExplainMessage): Promise<ExplainReport> {
    try {
      return await this.#options.front.explain(message);
    } catch (error) {
      this.#options.logger.error({ err: error }, "explain.failed");
      return { id: message.id, outcome: { kind: "failed", code: "NODE_INTERNAL", message: "the node failed" } };
    }
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { applier, clock, driver, exit, front, logger } = this.#options;
    logger.info({ requestsInFlight: front.requestsInFlight, timeoutMs }, "front.draining");
    clock.after(timeoutMs + CLOSE_MS, () => exit(0));
    await front.drain(timeoutMs);
    await this.#logs.close();
    await this.#statistics.close();
    applier.close();
    this.#options.reserved.close();
    const cancel = clock.after(CLOSE_MS, () => exit(0));
    await front.close();
    await driver.close();
    cancel();
    logger.info({}, "front.drained");
    exit(0);
  }
}
