/**
 * One edge node: wires fronts, control link, disk and admin port together and gives them their order.
 *
 * Start: last state from the disk and missed purges → fronts serve it → control link. Stop: no more revisions → fronts drain → what is logged is sent.
 * Invariant: nothing the control plane does, and nothing that is wrong with the state on the disk, keeps the node from serving.
 */
import path from "node:path";
import { AdminServer } from "../admin/admin-server.ts";
import { nodeHealth, type NodeHealth, type NodeView } from "../admin/node-health.ts";
import { nodeMetrics } from "../admin/node-metrics.ts";
import { BlobFolder } from "../artifacts/blob-folder.ts";
import { VersionPreparer, type PreparedState } from "../artifacts/prepare-versions.ts";
import { UnusedBlobs } from "../artifacts/unused-blobs.ts";
import { delay, type Clock } from "../clock.ts";
import type { NodeConfig } from "../config.ts";
import { BatchSender } from "../control/batch-sender.ts";
import { ControlClient, ControlError } from "../control/control-client.ts";
import { ControlLink } from "../control/control-link.ts";
import { PinnedKey } from "../control/pinned-key.ts";
import { PurgeFile } from "../control/purge-file.ts";
import { RetryingSender } from "../control/retrying-sender.ts";
import { StateFile } from "../control/state-file.ts";
import type { Logger } from "../logger.ts";
import type { InvokeMessage, LogRecord, NodeAck } from "../../sdk/desired-state.ts";
import { purgeLimits } from "../../sdk/cdn-limits.ts";
import type { ExplainMessage } from "../../sdk/explain.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import type { FrontStatistics } from "../../sdk/statistics.ts";
import type { PreheatMessage, PurgeAck } from "../../sdk/purge.ts";
import { BackgroundTasks } from "./background-tasks.ts";
import { CallRunner } from "./call-runner.ts";
import type { SpawnFront } from "./front-handle.ts";
import { FrontSet } from "./front-set.ts";
import { frontSettings } from "./front-settings.ts";
import { keepLogSmall } from "./log-rotation.ts";
import { probePort } from "./probe-port.ts";
import { PurgeKeeper } from "./purge-keeper.ts";
import { ResultSender } from "./result-sender.ts";
import { RevisionApplier } from "./revision-applier.ts";

export interface NodeSupervisorOptions {
  /** Its data folder exists. */
  readonly config: NodeConfig;
  readonly spawn: SpawnFront;
  readonly selvageVersion: string;
  readonly nodeVersion: string;
  readonly rssBytes: () => number;
  readonly clock: Clock;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly logger: Logger;
}

/** Where the node listens. */
export interface NodeAddresses {
  readonly port: number;
  /** Null: off. */
  readonly tlsPort: number | null;
  readonly adminPort: number;
}

const LOG_INTERVAL_MS = 200;
const LOG_BATCH_MAX = 100;
const LOG_RETRY_MS = 1_000;
const STATISTICS_INTERVAL_MS = 200;
const STATISTICS_BATCH_MAX = 64;
/** A minute of what four fronts report. */
const STATISTICS_QUEUE_MAX = 256;
/** For the fronts of a supervisor that was killed to notice. */
const PORT_PATIENCE_MS = 3_000;
/** What the control plane takes in one acknowledgement. */
const ACK_FAILURES_MAX = 1_000;
const ACK_MESSAGE_CHARS_MAX = 2_000;
/** For the last log records and acknowledgements when stopping. */
const FAREWELL_MS = 2_000;

export class NodeSupervisor {
  readonly #options: NodeSupervisorOptions;
  readonly #tasks: BackgroundTasks;
  readonly #unused: UnusedBlobs;
  readonly #client: ControlClient;
  readonly #sender: RetryingSender;
  readonly #logs: BatchSender<LogRecord>;
  readonly #statistics: BatchSender<FrontStatistics>;
  readonly #fronts: FrontSet;
  readonly #calls: CallRunner;
  readonly #results: ResultSender;
  readonly #purges: PurgeKeeper;
  readonly #preparer: VersionPreparer;
  readonly #stateFile: StateFile;
  readonly #applier: RevisionApplier;
  readonly #admin: AdminServer;
  #port: number | null = null;
  #tlsPort: number | null = null;
  #link: ControlLink | null = null;
  #newestAck: Omit<NodeAck, "node"> | null = null;
  #newestPurgeAck: Omit<PurgeAck, "node"> | null = null;
  #stopping: Promise<void> | null = null;
  readonly #ending = new AbortController();

  constructor(options: NodeSupervisorOptions) {
    const { clock, config, logger, random } = options;
    const shared = { clock, random, logger };
    this.#options = options;
    this.#tasks = new BackgroundTasks(logger);
    this.#client = new ControlClient({ url: config.control, token: config.token, node: config.name });
    this.#sender = new RetryingSender(shared);
    this.#logs = this.#createLogSender();
    this.#statistics = this.#createStatisticsSender();
    this.#fronts = new FrontSet({
      ...shared,
      settings: frontSettings(config),
      spawn: options.spawn,
      purges: () => this.#purges.purges,
      onStatistics: (report) => this.#statistics.push([report]),
      onLogs: (records) => this.#logs.push(records.map((record) => ({ ...record, node: config.name }))),
    });
    this.#calls = new CallRunner({
      invoke: (message, invokeOptions) => this.#fronts.invoke(message, invokeOptions),
      send: (results) =>
        this.#sender.send("call-results", {
          send: (signal) => this.#client.sendCallResults(results, signal),
          isCurrent: () => true,
        }),
      tasks: this.#tasks,
    });
    this.#results = new ResultSender({
      post: (results, signal) => this.#client.sendInvocationResults(results, signal),
      retry: (send) => this.#sender.send("invocation-results", { send, isCurrent: () => true }),
    });
    const blobs = new BlobFolder(path.join(config.data, "blobs"), { clock });
    this.#unused = new UnusedBlobs({ blobs, bytesMax: nodeLimits.artifactCacheBytesMax, clock, logger });
    this.#preparer = new VersionPreparer({ ...shared, blobs, token: config.token });
    this.#stateFile = new StateFile(config.data, { logger });
    this.#applier = new RevisionApplier({
      ...shared,
      preparer: this.#preparer,
      pinnedKey: new PinnedKey(config.data),
      fronts: this.#fronts,
      stateFile: this.#stateFile,
      source: this.#client,
      onServed: (digests) => this.#unused.noteInUse(digests),
      onAck: (ack) => this.#ack(ack),
    });
    this.#purges = new PurgeKeeper({
      ...shared,
      file: new PurgeFile(config.data),
      fronts: this.#fronts,
      states: () => this.#applier.states,
      onDone: (ack) => this.#ackPurges(ack),
    });
    this.#admin = new AdminServer({ logger, health: () => this.health, metrics: () => this.#metrics() });
  }

  get health(): NodeHealth {
    return nodeHealth(this.#view());
  }

  /** Resolves when the fronts serve what the disk holds; the control plane need not be there. Throws when an address is taken. */
  async start(): Promise<NodeAddresses> {
    const { clock, config, logger } = this.#options;
    const port = await probePort(config, { clock, patienceMs: PORT_PATIENCE_MS });
    const tls = await this.#probeTls();
    this.#port = port;
    this.#tlsPort = tls?.port ?? null;
    const adminPort = await this.#admin.listen({ host: config.adminHost, port: config.adminPort });
    const [kept] = await Promise.all([this.#restore(), this.#catchUpPurges()]);
    const address = { host: config.host, port, ...(tls === null ? {} : { tls }) };
    const report = await this.#fronts.start(address, kept?.state ?? null);
    if (kept !== null && report?.kind === "applied") {
      await this.#preparer.discard(report.damaged);
      const { certificateFailures, state } = kept;
      const failures = [...report.failures, ...certificateFailures];
      this.#applier.adopt({ revision: state.state.revision, failures }, state.state);
    }
    const { signal } = this.#ending;
    this.#tasks.add("access_log.rotation", keepLogSmall(config.accessLog, { clock, logger, signal }));
    logger.info({ port, tlsPort: this.#tlsPort, adminPort, revision: kept?.state.state.revision ?? 0 }, "node.serving");
    this.#link = this.#createLink();
    this.#link.start();
    return { port, tlsPort: this.#tlsPort, adminPort };
  }

  /** Drains and ends everything. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { clock, config, logger } = this.#options;
    logger.info({ drainMs: config.drainMs }, "node.stopping");
    this.#ending.abort();
    await this.#link?.stop();
    await this.#applier.stop();
    await this.#purges.stop();
    await this.#fronts.stop(config.drainMs);
    const farewell = new AbortController();
    await Promise.race([
      Promise.all([this.#logs.close(), this.#statistics.close(), this.#tasks.settled()]),
      delay(clock, { delayMs: FAREWELL_MS, signal: farewell.signal }),
    ]);
    farewell.abort();
    this.#sender.stop();
    await this.#client.close();
    await this.#admin.close();
    logger.info({}, "node.stopped");
  }

  async #probeTls(): Promise<{ readonly host: string; readonly port: number } | null> {
    const { clock, config } = this.#options;
    const { tlsHost, tlsPort } = config;
    if (tlsPort === null) return null;
    const host = tlsHost ?? config.host;
    return { host, port: await probePort({ host, port: tlsPort }, { clock, patienceMs: PORT_PATIENCE_MS }) };
  }

  /** The state on the disk with what of its artifacts is there; null when there is none. */
  async #restore(): Promise<PreparedState | null> {
    try {
      const state = await this.#stateFile.load();
      if (state === null) return null;
      // Nothing is fetched: the control plane may be away, and the node has to serve now.
      return await this.#preparer.prepare(state, {
        source: null,
        runtimeKey: null,
        signal: new AbortController().signal,
      });
    } catch (error) {
      this.#options.logger.error({ err: error }, "state.restore.failed");
      return null;
    }
  }

  #createLink(): ControlLink {
    const { clock, config, logger, nodeVersion, random, selvageVersion } = this.#options;
    return new ControlLink({
      client: this.#client,
      registration: {
        name: config.name,
        selvageVersion,
        nodeVersion,
        runtimeKey: this.#fronts.runtimeKey ?? "",
        driver: config.driver,
      },
      onState: (state) => this.#applier.offer(state),
      purgePosition: () => this.#purges.position,
      onPurges: (message) => this.#purges.offer(message),
      onExplain: (message) => this.#tasks.add("explain", this.#explain(message)),
      onPreheat: (message) => this.#tasks.add("preheat", this.#preheat(message)),
      onCalls: (message) => this.#calls.run(message),
      onInvoke: (message) => this.#tasks.add("invoke", this.#invoke(message)),
      clock,
      random,
      logger,
    });
  }

  #createStatisticsSender(): BatchSender<FrontStatistics> {
    const { clock, config } = this.#options;
    return new BatchSender({
      send: (fronts) =>
        this.#unlessRefused("statistics", fronts.length, (signal) =>
          this.#client.sendStatistics({ node: config.name, fronts }, signal),
        ),
      intervalMs: STATISTICS_INTERVAL_MS,
      retryMs: LOG_RETRY_MS,
      batchMax: STATISTICS_BATCH_MAX,
      queueMax: STATISTICS_QUEUE_MAX,
      clock,
    });
  }

  /** What is refused would be refused again. */
  async #unlessRefused(name: string, items: number, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await send(new AbortController().signal);
    } catch (error) {
      const isRefused = error instanceof ControlError && (error.reason === "refused" || error.reason === "missing");
      if (!isRefused) throw error;
      this.#options.logger.error({ items, reason: error.message }, `${name}.refused`);
    }
  }

  #createLogSender(): BatchSender<LogRecord> {
    const { clock } = this.#options;
    return new BatchSender({
      send: (records) =>
        this.#unlessRefused("logs", records.length, (signal) => this.#client.sendLogs(records, signal)),
      intervalMs: LOG_INTERVAL_MS,
      retryMs: LOG_RETRY_MS,
      batchMax: LOG_BATCH_MAX,
      queueMax: nodeLimits.logRecordsQueueMax,
      clock,
    });
  }

  async #invoke(message: InvokeMessage): Promise<void> {
    const { logs, ...outcome } = await this.#fronts.invoke(message);
    const result = { ...outcome, logs: logs.map((record) => ({ ...record, node: this.#options.config.name })) };
    await this.#results.send(result);
  }

  /** What was purged while the node was away, asked for before it serves; without the control plane it serves all the same. */
  async #catchUpPurges(): Promise<void> {
    await this.#purges.load();
    const { clock, logger } = this.#options;
    const deadline = new AbortController();
    const { catchUpMs } = purgeLimits;
    const cancel = clock.after(catchUpMs, () => deadline.abort(new Error(`no answer within ${catchUpMs} ms`)));
    try {
      this.#purges.catchUp(await this.#client.missedPurges(this.#purges.position, deadline.signal));
    } catch (error) {
      logger.warn({ reason: error instanceof Error ? error.message : String(error) }, "purges.catch.up.failed");
    } finally {
      cancel();
    }
  }

  async #preheat(message: PreheatMessage): Promise<void> {
    const results = await this.#fronts.preheat(message);
    const report = { id: message.id, node: this.#options.config.name, results };
    await this.#sender.send("preheat-report", {
      send: (signal) => this.#client.sendPreheatReport(report, signal),
      isCurrent: () => true,
    });
  }

  #ackPurges(ack: Omit<PurgeAck, "node">): void {
    this.#newestPurgeAck = ack;
    const sending = this.#sender.send("purge-ack", {
      send: (signal) => this.#client.sendPurgeAck({ node: this.#options.config.name, ...ack }, signal),
      // The later one says more; after a reconnect the position is acknowledged again.
      isCurrent: () => this.#newestPurgeAck === ack,
    });
    this.#tasks.add("purge-ack", sending);
  }

  async #explain(message: ExplainMessage): Promise<void> {
    const report = await this.#fronts.explain(message);
    await this.#sender.send("explanation", {
      send: (signal) => this.#client.sendExplanation(report, signal),
      isCurrent: () => true,
    });
  }

  #ack(ack: Omit<NodeAck, "node">): void {
    this.#newestAck = ack;
    const failures = ack.failures.slice(0, ACK_FAILURES_MAX).map((failure) => ({
      ...failure,
      message: failure.message.slice(0, ACK_MESSAGE_CHARS_MAX),
    }));
    const sending = this.#sender.send("ack", {
      send: (signal) => this.#client.sendAck({ node: this.#options.config.name, ...ack, failures }, signal),
      // After a reconnect the state comes again and is acknowledged again.
      isCurrent: () => this.#newestAck === ack,
    });
    this.#tasks.add("ack", sending);
  }

  async #metrics(): Promise<string> {
    const fronts = await this.#fronts.metrics();
    return await nodeMetrics({ view: this.#view(), fronts, supervisorRssBytes: this.#options.rssBytes() });
  }

  #view(): NodeView {
    return {
      name: this.#options.config.name,
      selvageVersion: this.#options.selvageVersion,
      port: this.#port,
      tlsPort: this.#tlsPort,
      stopping: this.#stopping !== null,
      applied: this.#applier.applied,
      refusal: this.#applier.refusal,
      control: this.#link?.status ?? null,
      fronts: this.#fronts.statuses,
      logsDropped: this.#logs.dropped,
    };
  }
}
