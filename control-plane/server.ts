/**
 * A running control plane: puts the parts together, opens the port, and takes everything down again in order.
 *
 * It touches no process: settings, clock, log and what depends on the machine are given. Invariant: when `startControlPlane` throws, everything it
 * had opened is closed; when `close` resolves, nothing of it runs any more.
 */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import packageJson from "../package.json" with { type: "json" };
import { buildGuest } from "../bundler/build-guest.ts";
import { bundleSource } from "../bundler/bundle.ts";
import { BlobFolder } from "./blobs/blob-folder.ts";
import { sweepArtifacts } from "./blobs/sweep-artifacts.ts";
import { Uploads } from "./blobs/uploads.ts";
import { bootstrap, type Keys } from "./bootstrap.ts";
import { BuilderPool } from "./builder/builder-pool.ts";
import { spawnBuilder } from "./builder/builder-process.ts";
import { AsyncConfigService } from "./calls/async-config-service.ts";
import { openCalls, type Calls } from "./calls/open-calls.ts";
import { CertificateService } from "./certificates/certificate-service.ts";
import { timestamp, type CancelTimer, type Clock } from "./clock.ts";
import type { ControlPlaneConfig } from "./config.ts";
import { DomainHistory } from "./domains/domain-history.ts";
import { DomainService } from "./domains/domain-service.ts";
import { AliasService } from "./functions/alias-service.ts";
import { EnvironmentService } from "./functions/environment-service.ts";
import { FunctionService } from "./functions/function-service.ts";
import { VersionService } from "./functions/version-service.ts";
import { LogBuffer } from "./logs/log-buffer.ts";
import type { Logger } from "./logger.ts";
import { PublishQueue } from "./publish/publish-queue.ts";
import { PublishService } from "./publish/publish-service.ts";
import { PreheatService } from "./purges/preheat-service.ts";
import { PurgeService } from "./purges/purge-service.ts";
import { PurgeSource } from "./purges/purge-source.ts";
import { createApp, type AppServices } from "./rest/app.ts";
import { CallRates } from "./rest/call-rates.ts";
import { ChangeSignal } from "./rollout/change-signal.ts";
import { Fleet } from "./rollout/fleet.ts";
import { ExplainService } from "./rollout/explain-service.ts";
import { InvocationService } from "./rollout/invocation-service.ts";
import { NodeService } from "./rollout/node-service.ts";
import { StagedRolloutService } from "./staged/staged-rollout-service.ts";
import { StatisticsService } from "./statistics/statistics-service.ts";
import { RevisionService } from "./rollout/revision-service.ts";
import { StateSource } from "./rollout/state-source.ts";
import type { Store } from "./store.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { TokenService } from "./tokens/token-service.ts";

export interface ControlPlaneDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the operator one line, at the first start. */
  readonly announce: (line: string) => void;
  /** The Node.js that builders run on. */
  readonly nodePath: string;
  /** Of this process; distinguishes temporary files of the build step. */
  readonly processId: number;
}

export interface ControlPlane {
  /** `http://host:port`, with the port that was really opened. */
  readonly url: string;
  /** Waits for requests under way, at most `closeMs`. Idempotent. */
  close(): Promise<void>;
}

const projectRoot = dirname(import.meta.dirname);
const sweepEveryMs = 3_600_000;
const closeMs = 10_000;

/** @throws when the data folder is in use or unusable, the master key does not fit, or the port is taken. */
export async function startControlPlane(
  config: ControlPlaneConfig,
  dependencies: ControlPlaneDependencies,
): Promise<ControlPlane> {
  const parts: Closable[] = [];
  try {
    return await openControlPlane(config, { ...dependencies, opened: (part) => parts.push(part) });
  } catch (error) {
    for (const part of parts.toReversed()) await part.close();
    throw error;
  }
}

interface Closable {
  close(): Promise<void> | void;
}

interface Opening extends ControlPlaneDependencies {
  /** Notes what must be closed when a later step fails. */
  readonly opened: (part: Closable) => void;
}

async function openControlPlane(config: ControlPlaneConfig, opening: Opening): Promise<ControlPlane> {
  const { clock, logger, opened } = opening;
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const store = await openSqliteStore({ file: join(config.data, "store.sqlite"), openedAt: timestamp(clock) });
  opened(store);
  const tokens = new TokenService({ store, clock, uniqueId: randomUUID });
  const keys = await bootstrap({ ...config, store, tokens, clock, announce: opening.announce });
  const builders = await openBuilders(opening);
  opened(builders);
  const { callSystem, ...parts } = await assemble(config, { opening, store, tokens, keys, builders });
  opened(parts.fleet);
  parts.staged.start();
  opened(callSystem);
  const closing = new AbortController();
  const app = await createApp({
    services: parts,
    rates: new CallRates({ ...config, clock }),
    clock,
    logger,
    uniqueId: randomUUID,
    version: packageJson.version,
    closing: closing.signal,
  });
  opened(app);
  const url = await listen(app, config);
  callSystem.start();
  const sweeper = new Sweeper({ store, artifacts: parts.artifacts, uploads: parts.uploads, clock, logger });
  logger.info({ url }, "control_plane_started");
  const close = async (): Promise<void> => {
    logger.info({}, "control_plane_stopping");
    parts.publishing.close();
    parts.revisions.close();
    parts.purges.close();
    parts.preheats.close();
    parts.invocations.close();
    parts.explanations.close();
    parts.fleet.close();
    closing.abort();
    await closeApp(app, clock);
    await callSystem.close();
    await sweeper.close();
    await parts.staged.close();
    await builders.close();
    await parts.nodes.close();
    await store.close();
  };
  let closed: Promise<void> | null = null;
  return { url, close: () => (closed ??= close()) };
}

async function openBuilders({ clock, logger, nodePath, processId }: Opening): Promise<BuilderPool> {
  const { path } = await buildGuest({ projectRoot, processId });
  const guestCode = await readFile(path, "utf8");
  return new BuilderPool({ guestCode, clock, logger, spawn: () => spawnBuilder({ nodePath, projectRoot }) });
}

interface Foundations {
  readonly opening: Opening;
  readonly store: Store;
  readonly tokens: TokenService;
  readonly keys: Keys;
  readonly builders: BuilderPool;
}

async function assemble(
  config: ControlPlaneConfig,
  { opening, store, tokens, keys, builders }: Foundations,
): Promise<AppServices & { readonly callSystem: Calls }> {
  const { clock, logger } = opening;
  const { masterKey, signingKey } = keys;
  const folder = { uniqueId: randomUUID, now: () => clock.now(), logger };
  const artifacts = await BlobFolder.open({ ...folder, folder: join(config.data, "blobs"), durability: "durable" });
  const blobs = await BlobFolder.open({ ...folder, folder: join(config.data, "uploads"), durability: "best-effort" });
  const uploads = new Uploads({ blobs, clock });
  const signal = new ChangeSignal();
  const states = new StateSource({ store, masterKey, publicKey: signingKey.publicKeyX });
  const purgeSource = new PurgeSource(store);
  const fleet = new Fleet({ states, purges: purgeSource, clock, logger, signal });
  tokens.onRevoked((tokenId) => {
    fleet.disconnectToken(tokenId);
  });
  const revisions = new RevisionService({ store, clock, fleet, signal });
  const publishing = new PublishService({
    store,
    uploads,
    artifacts,
    builders,
    revisions,
    masterKey,
    signingKey,
    clock,
    bundle: bundleSource,
    queue: new PublishQueue(),
  });
  const statistics = new StatisticsService({ clock });
  const staged = new StagedRolloutService({ store, revisions, clock, logger, uniqueId: randomUUID });
  statistics.onTallies((tallies) => staged.note(tallies));
  const callSystem = openCalls({ config, store, fleet, clock, logger, uniqueId: randomUUID });
  return {
    statistics,
    staged,
    callSystem,
    calls: callSystem.service,
    dispatcher: callSystem.dispatcher,
    asyncConfigs: new AsyncConfigService({ store, clock }),
    artifacts,
    uploads,
    fleet,
    revisions,
    publishing,
    tokens,
    functions: new FunctionService({ store, revisions, clock }),
    environments: new EnvironmentService({ store, masterKey }),
    versions: new VersionService({ store, revisions }),
    aliases: new AliasService({ revisions, clock }),
    domains: new DomainService({ store, revisions, clock, masterKey }),
    domainHistory: new DomainHistory({ store, masterKey }),
    certificates: new CertificateService({ store, revisions, masterKey, clock }),
    nodes: new NodeService({ store, fleet, clock, logger }),
    invocations: new InvocationService({ fleet, clock, uniqueId: randomUUID }),
    explanations: new ExplainService({ fleet, store, clock, uniqueId: randomUUID }),
    logs: new LogBuffer(),
    purgeSource,
    purges: new PurgeService({ store, fleet, clock, signal, uniqueId: randomUUID }),
    preheats: new PreheatService({ store, fleet, clock, signal, uniqueId: randomUUID }),
  };
}

async function listen(app: FastifyInstance, { host, port }: ControlPlaneConfig): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot listen: ${reason}: received ${host}, port ${String(port)}`, { cause: error });
  }
}

/** Waits for requests under way; those that take too long are cut off. */
async function closeApp(app: FastifyInstance, clock: Clock): Promise<void> {
  const cancel = clock.after(closeMs, () => {
    app.server.closeAllConnections();
  });
  try {
    await app.close();
  } finally {
    cancel();
  }
}

interface SweeperOptions {
  readonly store: Store;
  readonly artifacts: BlobFolder;
  readonly uploads: Uploads;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Removes blobs that nobody needs, at the start and every hour; a failure is logged and tried again with the next. */
class Sweeper {
  readonly #options: SweeperOptions;
  #running: Promise<void>;
  #cancel: CancelTimer = () => {};
  #closed = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#running = this.#sweep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { uploads, logger, clock } = this.#options;
    try {
      const artifacts = await sweepArtifacts(this.#options);
      const sources = await uploads.sweep();
      logger.debug({ artifacts, sources }, "blobs_swept");
    } catch (error) {
      logger.error({ error }, "blob_sweep_failed");
    }
    if (this.#closed) return;
    this.#cancel = clock.after(sweepEveryMs, () => {
      this.#running = this.#sweep();
    });
  }
}
