/**
 * Entry of a front process: takes its settings from the supervisor, builds driver and front, then does what the supervisor says.
 *
 * Ends when the channel to the supervisor closes, so that no front outlives its node. A terminal's Ctrl-C reaches every process of
 * the group: only the supervisor acts on it.
 */
import { randomBytes } from "node:crypto";
import { flushCompileCache } from "node:module";
import { totalmem } from "node:os";
import path from "node:path";
import { diskCacheLimits } from "../sdk/cdn-limits.ts";
import { openAccessLog } from "./access-log/open-access-log.ts";
import { BlobFolder } from "./artifacts/blob-folder.ts";
import { StackMaps } from "./artifacts/stack-maps.ts";
import { NewsSender, type CacheNews } from "./cache/cache-news.ts";
import { systemClock } from "./clock.ts";
import { busyShares, takeCollector } from "./collector.ts";
import { StateApplier } from "./front-process/apply-state.ts";
import { FrontProcess } from "./front-process/front-process.ts";
import { IdleCollection, type MemoryInUse } from "./front-process/idle-collection.ts";
import type { FrontOptions } from "./front/front.ts";
import { readCensus } from "./front/tcp-census.ts";
import type { FrontDriver } from "./front-driver.ts";
import type { FromFront, FrontSettings, ToFront } from "./ipc.ts";
import { IpcBatch } from "./ipc-batch.ts";
import { createLogger, type Logger } from "./logger.ts";
import { ReservedKeeper } from "./reserved/reserved-keeper.ts";
import { reservedLimits } from "../sdk/reserved-limits.ts";
import { createEgressPolicy } from "../sdk/egress-policy.ts";
import { loadUws } from "./uws.ts";

const toSupervisor = new IpcBatch<FromFront>({ send: sendToSupervisor, defer: setImmediate });
const send = (message: FromFront): Promise<void> => toSupervisor.send(message);

process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(0));
if (!process.connected) process.exit(0);
process.once("message", (message) => {
  const first = message as ToFront;
  if (first.kind !== "start") throw new Error(`Cannot start: expected settings: received ${first.kind}`);
  const { settings } = first;
  const logger = createLogger({
    level: settings.logLevel,
    fields: { node: settings.node, process: `front-${settings.index}` },
  });
  process.on("uncaughtException", (error) => {
    void endWith(error, logger);
  });
  // What is wrong with the start is told to the supervisor, which tells the operator.
  start(settings, logger).catch((error: unknown) => endWith(error, logger));
});

async function start(settings: FrontSettings, logger: Logger): Promise<void> {
  const clock = systemClock;
  // Taken before anything else can make a context.
  const collect = takeCollector();
  // The isolate hosts start while the rest of the front is loaded.
  const tell = (news: CacheNews): Promise<void> => send({ kind: "cacheNews", news });
  const news = settings.fronts > 1 ? new NewsSender({ send: tell, clock }) : null;
  const [{ driver, runtimeKey, containment }, { createFront }, disk] = await Promise.all([
    startDriver(settings, logger),
    import("./front/front.ts"),
    openDisk(settings, { logger, news }),
  ]);
  const blobs = new BlobFolder(path.join(settings.dataFolder, "blobs"), { clock });
  const stackMaps = new StackMaps(blobs);
  const accessLog = openAccessLog(settings.accessLog, { node: settings.node, clock, random: Math.random, logger });
  const front = createFront({
    uws: loadUws(),
    driver,
    clock,
    random: Math.random,
    logger,
    originEgress: createEgressPolicy({ allowNetworks: settings.originAllowNetworks }),
    functionEgress: createEgressPolicy({ allowNetworks: settings.egressAllowNetworks }),
    trustedProxyNetworks: settings.trustedProxyNetworks,
    connectionsMax: settings.connectionsMax,
    connectionsPerAddressMax: settings.connectionsPerAddressMax,
    ...(process.platform === "linux" ? { census: readCensus } : {}),
    cacheBytesMax: settings.cacheBytesMax,
    ...(news === null ? {} : { news }),
    ...(accessLog === undefined ? {} : { accessLog }),
    ...(disk === null ? {} : { disk }),
    requestIdPrefix: randomBytes(9).toString("base64url"),
    onLog: (record) => frontProcess.log(record),
    mapStack: (key, stack) => stackMaps.map(key, stack),
  });
  const reserved = keepReserved(driver, { settings, logger });
  const applier = new StateApplier({
    driver,
    blobs,
    runtimeKey,
    stackMaps,
    warmInstances: settings.warmInstances,
    snapshots: settings.snapshots,
    setRouting: (routing) => front.setRouting(routing),
    setReserved: (versions) => reserved.set(versions),
    setCertificates: (certificates) => front.setCertificates(certificates),
    requestsInFlight: () => front.requestsInFlight,
    clock,
    logger,
  });
  const frontProcess = new FrontProcess({
    front,
    driver,
    containment,
    applier,
    reserved,
    idleCollection: new IdleCollection({ inUse: memoryInUse, busyShare: busyShares(), collect, clock }),
    send,
    rssBytes: () => process.memoryUsage.rss(),
    exit: (code) => process.exit(code),
    clock,
    logger,
  });
  process.on("SIGTERM", () => frontProcess.handle({ kind: "drain", timeoutMs: settings.drainMs }));
  process.on("message", (messages) => {
    for (const message of messages as readonly ToFront[]) if (message.kind !== "start") frontProcess.handle(message);
  });
  await send({ kind: "started", runtimeKey });
  frontProcess.start();
  // A front that is killed later would leave nothing for the next one's start.
  flushCompileCache();
}

/** The cache on disk; without it the front serves from memory. */
async function openDisk(
  { diskCache, fronts }: FrontSettings,
  { logger, news }: { readonly logger: Logger; readonly news: NewsSender | null },
): Promise<NonNullable<FrontOptions["disk"]> | null> {
  if (diskCache === null) return null;
  try {
    const { openDiskStore } = await import("./cache/disk/open-disk-store.ts");
    const store = await openDiskStore({
      ...diskCache,
      clock: systemClock,
      logger,
      announce: (key) => news?.written(key),
      recentBytesMax: Math.floor(memoryBytes() / diskCacheLimits.recentShare / fronts),
    });
    return { store, objectBytesMax: diskCache.objectBytesMax, minUses: diskCache.minUses };
  } catch (error) {
    logger.error({ err: error, folder: diskCache.folder }, "disk-cache.failed");
    return null;
  }
}

/** Reservations never have more than a share of the node's memory. */
function keepReserved(
  driver: FrontDriver["driver"],
  { settings, logger }: { readonly settings: FrontSettings; readonly logger: Logger },
): ReservedKeeper {
  const { index, fronts, reservedMemoryMiB } = settings;
  const allowedMiB = Math.floor((memoryBytes() / 1_048_576) * reservedLimits.memoryShareMax);
  const memoryMiB = Math.min(reservedMemoryMiB, allowedMiB);
  return new ReservedKeeper({ driver, front: { index, fronts }, memoryMiB, clock: systemClock, logger });
}

function memoryInUse(): MemoryInUse {
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, residentBytes: rss };
}

/** The machine's, or what the front's control group may use. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

async function startDriver(settings: FrontSettings, logger: Logger): Promise<FrontDriver> {
  const { createDriver } = await import("./front-driver.ts");
  return await createDriver(settings, { logger, endProcess: endNow });
}

function sendToSupervisor(messages: readonly FromFront[], done: (error: Error | null) => void): void {
  if (process.send === undefined || !process.connected) return done(new Error("the supervisor is gone"));
  process.send(messages, undefined, {}, done);
}

/** Tells the supervisor why, then ends. */
async function endWith(error: unknown, logger: Logger): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  logger.error({ err: error }, "front.failed");
  try {
    await send({ kind: "failed", message });
  } finally {
    process.exit(1);
  }
}

/** After V8 gave up, `process.exit` would hang. */
function endNow(): void {
  process.kill(process.pid, "SIGKILL");
}
