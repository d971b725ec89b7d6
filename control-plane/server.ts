/**
 * A running control plane: puts the parts together, opens the port, and takes everything down again in order.
 *
 * It touches no process: settings, clock, log and what depends on the machine are given. Invariant: when `startControlPlane` throws, everything it
 * had opened is closed; when `close` resolves, nothing of it runs any more.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { randomBytes, randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { createEgressPolicy } from "../sdk/egress-policy.ts";
import packageJson from "../package.json" with { type: "json" };
import { readBuiltGuest } from "../bundler/build-guest.ts";
import { bundleSource } from "../bundler/bundle.ts";
import { Sweeper } from "./blobs/sweeper.ts";
import { Uploads } from "./blobs/uploads.ts";
import { AuditService } from "./audit/audit-service.ts";
import { AuditTrail } from "./audit/audit-trail.ts";
import { BackupService } from "./backups/backup-service.ts";
import { bootstrap, type Keys } from "./bootstrap.ts";
import { BuilderPool } from "./builder/builder-pool.ts";
import { spawnBuilder } from "./builder/builder-process.ts";
import { AsyncConfigService } from "./calls/async-config-service.ts";
import type { CallQueue } from "./calls/call-queue.ts";
import { openCallQueue } from "./calls/open-call-queue.ts";
import { openCalls, type Calls } from "./calls/open-calls.ts";
import { CodeDownload } from "./publish/code-download.ts";
import { DependencyService } from "./dependencies/dependency-service.ts";
import { CertificateService } from "./certificates/certificate-service.ts";
import type { Clock } from "./clock.ts";
import type { ControlPlaneConfig } from "./config.ts";
import { DomainHistory } from "./domains/domain-history.ts";
import { DomainService } from "./domains/domain-service.ts";
import { AccessKeyService } from "./access-keys/access-key-service.ts";
import { functiongraphServices, type FunctiongraphOptions } from "./functiongraph/functiongraph-services.ts";
import type { MasterKey } from "./keys/master-key.ts";
import { AliasService } from "./functions/alias-service.ts";
import { QualifiedVersions } from "./functions/qualified-versions.ts";
import { EnvironmentService } from "./functions/environment-service.ts";
import { FunctionService } from "./functions/function-service.ts";
import { VersionService } from "./functions/version-service.ts";
import { LogBuffer } from "./logs/log-buffer.ts";
import { SharedLogs } from "./logs/shared-logs.ts";
import type { Logger } from "./logger.ts";
import { openStorage, type Storage } from "./open-storage.ts";
import { PublishQueue } from "./publish/publish-queue.ts";
import { PublishService } from "./publish/publish-service.ts";
import { PreheatService } from "./purges/preheat-service.ts";
import { PurgeService } from "./purges/purge-service.ts";
import { PurgeSource } from "./purges/purge-source.ts";
import { QuotaService } from "./quotas/quota-service.ts";
import { NewestWatch } from "./replicas/newest-watch.ts";
import { RemoteNodes } from "./replicas/remote-nodes.ts";
import { ReplicaLink } from "./replicas/replica-link.ts";
import { loneReplica, questionId } from "./replicas/replicas.ts";
import { createApp, type AppServices } from "./rest/app.ts";
import { CallRates } from "./rest/call-rates.ts";
import { ChangeSignal } from "./rollout/change-signal.ts";
import { Fleet } from "./rollout/fleet.ts";
import { ExplainService } from "./rollout/explain-service.ts";
import { InvocationService } from "./rollout/invocation-service.ts";
import { NodeService } from "./rollout/node-service.ts";
import { StagedRolloutService } from "./staged/staged-rollout-service.ts";
import { StatisticsService } from "./statistics/statistics-service.ts";
import { ReservedService } from "./reserved/reserved-service.ts";
import { RevisionService } from "./rollout/revision-service.ts";
import { StateSource } from "./rollout/state-source.ts";
import type { Store } from "./store.ts";
import type { PostgresStore } from "./store/postgres.ts";
import { OpenAnswers } from "./tokens/open-answers.ts";
import { TokenService } from "./tokens/token-service.ts";

export interface ControlPlaneDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the operator one line, at the first start. */
  readonly announce: (line: string) => void;
  /** The Node.js that builders run on. */
  readonly nodePath: string;
}

export interface ControlPlane {
  /** `http://host:port`, with the port that was really opened. */
  readonly url: string;
  /** Waits for requests under way, at most `closeMs`. Idempotent. */
  close(): Promise<void>;
}

const projectRoot = dirname(import.meta.dirname);
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
  const storage = await openStorage(config, { clock, logger });
  opened(storage.store);
  const trail = new AuditTrail();
  const store = trail.over(storage.store);
  const tokens = new TokenService({ store, clock, uniqueId: randomUUID, trail });
  const keys = await bootstrap({ ...config, store, tokens, clock, announce: opening.announce });
  const builders = await openBuilders(opening);
  opened(builders);
  const link = storage.shared === null ? null : openLink(storage.shared, opening);
  const queue = await openCallQueue({ config, owner: keys.signingKey.publicKeyX, clock, logger });
  opened(queue);
  const foundations = { config, opening, store, trail, storage, tokens, keys, builders, link, queue };
  const { watch, callSystem, download, ...parts } = assemble(foundations);
  opened(parts.fleet);
  parts.staged.start();
  if (link !== null) opened(link);
  opened(callSystem);
  opened(download);
  if (link !== null && config.callQueue === null) warnOfOwnQueue(link, opening);
  await link?.start(() => watch.look());
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
  await parts.backups.start();
  const sweeper = new Sweeper({
    store,
    artifacts: parts.artifacts,
    uploads: parts.uploads,
    audit: parts.audit,
    clock,
    logger,
  });
  logger.info({ url }, "control_plane_started");
  const close = async (): Promise<void> => {
    logger.info({}, "control_plane_stopping");
    endWaits(parts);
    closing.abort();
    await closeApp(app, clock);
    await parts.openAnswers.close();
    await callSystem.close();
    await download.close();
    await sweeper.close();
    await parts.staged.close();
    await parts.backups.close();
    await builders.close();
    await parts.nodes.close();
    await link?.close();
    await store.close();
  };
  let closed: Promise<void> | null = null;
  return { url, close: () => (closed ??= close()) };
}

/** Whoever waits for something is told that it does not come any more. */
function endWaits(parts: AppServices): void {
  parts.publishing.close();
  parts.revisions.close();
  parts.purges.close();
  parts.preheats.close();
  parts.invocations.close();
  parts.explanations.close();
  parts.fleet.close();
}

async function openBuilders({ clock, logger, nodePath }: Opening): Promise<BuilderPool> {
  const guestCode = await readBuiltGuest(projectRoot);
  return new BuilderPool({ guestCode, clock, logger, spawn: () => spawnBuilder({ nodePath, projectRoot }) });
}

function openLink(store: PostgresStore, { clock, logger }: Opening): ReplicaLink {
  return new ReplicaLink({
    id: randomBytes(6).toString("hex"),
    board: store.replicas,
    listen: (listener) => store.listen(listener),
    clock,
    logger,
    uniqueId: randomUUID,
  });
}

/** Says once that calls are not shared although the store is. */
function warnOfOwnQueue(link: ReplicaLink, { logger }: Opening): void {
  let isSaid = false;
  link.onOthersChanged(() => {
    const replicas = link.others().size;
    if (isSaid || replicas === 0) return;
    isSaid = true;
    const meaning =
      "each control plane has asynchronous calls of its own, which the others neither show nor run when it is gone: set callQueue to a NATS server that all of them share";
    logger.warn({ replicas, meaning }, "call_queue_not_shared");
  });
}

interface Foundations {
  readonly config: ControlPlaneConfig;
  readonly opening: Opening;
  readonly storage: Storage;
  /** Changes that are made through it are recorded. */
  readonly store: Store;
  readonly trail: AuditTrail;
  readonly tokens: TokenService;
  readonly keys: Keys;
  readonly builders: BuilderPool;
  /** Null: a store of its own. */
  readonly link: ReplicaLink | null;
  readonly queue: CallQueue;
}

interface Assembled extends AppServices {
  readonly watch: NewestWatch;
  readonly callSystem: Calls;
  readonly download: CodeDownload;
}

function assemble(foundations: Foundations): Assembled {
  const { config, opening, store, trail, storage, tokens, keys, link, queue } = foundations;
  const { clock, logger } = opening;
  const { artifacts, sources } = storage;
  const { masterKey, signingKey } = keys;
  const uploads = new Uploads({ blobs: sources, clock });
  const signal = new ChangeSignal();
  const states = new StateSource({ store, masterKey, publicKey: signingKey.publicKeyX });
  const purgeSource = new PurgeSource(store);
  const replicas = link ?? loneReplica;
  const questions = {
    clock,
    replicas,
    uniqueId: () => (link === null ? randomUUID() : questionId(link.id, randomUUID())),
  };
  const fleet = new Fleet({ states, purges: purgeSource, clock, logger, signal, remote: new RemoteNodes(replicas) });
  const openAnswers = new OpenAnswers({ store, replicas, clock, logger });
  tokens.onRevoked((tokenId) => {
    openAnswers.revoke(tokenId);
  });
  const revisions = new RevisionService({ store, clock, fleet, signal });
  const publish = openPublishing(foundations, { uploads, revisions });
  const invocations = new InvocationService({ ...questions, fleet });
  const callSystem = openCalls({ config, queue, store, fleet, replicas, clock, logger, uniqueId: randomUUID });
  const core = {
    store,
    clock,
    logger,
    uniqueId: randomUUID,
    revisions,
    masterKey,
    uploads,
    artifacts,
    trail,
    ...publish,
  };
  return {
    ...functionServices({ ...core, invocations, calls: callSystem.service }),
    ...publish,
    callSystem,
    calls: callSystem.service,
    callResults: callSystem.results,
    watch: new NewestWatch({ store, fleet, states, purges: purgeSource, signal }),
    trail,
    quotas: new QuotaService(store),
    audit: new AuditService({ store, clock, keepDays: config.auditKeepDays }),
    backups: openBackups(foundations),
    artifacts,
    uploads,
    fleet,
    revisions,
    tokens,
    openAnswers,
    domains: new DomainService({ store, revisions, clock, masterKey }),
    domainHistory: new DomainHistory({ store, masterKey }),
    certificates: new CertificateService({ store, revisions, masterKey, clock }),
    nodes: new NodeService({ store, fleet, clock, logger }),
    invocations,
    qualified: new QualifiedVersions({ store, newestRevision: () => states.newestRevision }),
    explanations: new ExplainService({ ...questions, fleet, store }),
    logs: new SharedLogs({ ...questions, buffer: new LogBuffer() }),
    purgeSource,
    purges: new PurgeService({ store, fleet, clock, signal, uniqueId: randomUUID }),
    preheats: new PreheatService({ ...questions, store, fleet, signal }),
  };
}

/** Publishing, and what fetches code for it. */
function openPublishing(
  { config, opening, store, trail, storage, keys, builders }: Foundations,
  parts: { readonly uploads: Uploads; readonly revisions: RevisionService },
): { readonly publishing: PublishService; readonly download: CodeDownload } {
  const download = new CodeDownload({
    policy: createEgressPolicy({ allowNetworks: config.codeAllowNetworks }),
    userAgent: `selvage/${packageJson.version}`,
  });
  const publishing = new PublishService({
    ...parts,
    ...keys,
    store,
    artifacts: storage.artifacts,
    builders,
    download,
    clock: opening.clock,
    bundle: bundleSource,
    queue: new PublishQueue(),
    trail,
  });
  return { publishing, download };
}

type FunctionParts = Pick<Foundations, "store"> &
  Pick<Opening, "clock" | "logger"> &
  Pick<
    FunctiongraphOptions,
    "uploads" | "artifacts" | "publishing" | "invocations" | "calls" | "uniqueId" | "download"
  > & {
    readonly trail: AuditTrail;
    readonly revisions: RevisionService;
    readonly masterKey: MasterKey;
  };

/** What is about functions, in both of the APIs. */
function functionServices(parts: FunctionParts) {
  const { store, clock, logger, masterKey, revisions, uniqueId } = parts;
  const statistics = new StatisticsService({ clock });
  const staged = new StagedRolloutService({ store, revisions, clock, logger, uniqueId });
  statistics.onTallies((tallies) => staged.note(tallies));
  const functions = new FunctionService({ store, revisions, clock });
  const environments = new EnvironmentService({ store, masterKey });
  const versions = new VersionService({ store, revisions });
  const aliases = new AliasService({ revisions, clock });
  const asyncConfigs = new AsyncConfigService({ store, clock });
  const dependencies = new DependencyService({ ...parts, queue: new PublishQueue() });
  const reserved = new ReservedService({ store, revisions, statistics, clock });
  const own = { functions, environments, versions, aliases, asyncConfigs, dependencies, reserved };
  const accessKeys = new AccessKeyService({ store, masterKey, clock });
  return { ...functiongraphServices({ ...parts, ...own }), ...own, accessKeys, statistics, staged };
}

function openBackups({ config, opening: { clock, logger }, storage }: Foundations): BackupService {
  return new BackupService({
    source: storage.files,
    folder: config.backupFolder,
    everyMinutes: config.backupEveryMinutes,
    keepDays: config.backupKeepDays,
    clock,
    logger,
    uniqueId: randomUUID,
  });
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
