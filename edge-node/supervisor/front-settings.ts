/** What each front of a node is told: the node's settings without the token, the cache's memory shared out. */
import { diskTierLimits } from "../../sdk/cdn-limits.ts";
import type { NodeConfig } from "../config.ts";
import type { FrontSettings } from "../ipc.ts";

const MIB = 1_048_576;

/** One entry for each front, in their order. */
export function frontSettings(config: NodeConfig): readonly FrontSettings[] {
  return Array.from({ length: config.fronts }, (_, index) => ({
    node: config.name,
    index,
    fronts: config.fronts,
    dataFolder: config.data,
    driver: config.driver,
    hosts: config.hosts,
    hostMemoryMiB: config.hostMemoryMiB,
    reservedMemoryMiB: config.reservedMemoryMiB,
    sandbox: config.sandbox,
    restartShare: 1 / config.fronts,
    warmInstances: config.warmInstances,
    spareInstances: config.spareInstances,
    snapshots: config.snapshots,
    cacheBytesMax: Math.floor((config.cacheMiB * MIB) / config.fronts),
    diskCache: diskCacheOf(config),
    egressAllowNetworks: config.egressAllowNetworks,
    originAllowNetworks: config.originAllowNetworks,
    trustedProxyNetworks: config.trustedProxyNetworks,
    connectionsMax: config.connectionsMax,
    connectionsPerAddressMax: config.connectionsPerAddressMax,
    logLevel: config.logLevel,
    accessLog: config.accessLog,
    drainMs: config.drainMs,
  }));
}

function diskCacheOf({ diskCacheMiB, diskCacheFolder, diskCacheMinUses }: NodeConfig): FrontSettings["diskCache"] {
  if (diskCacheMiB === 0) return null;
  const bytesMax = diskCacheMiB * MIB;
  const { objectBytesMax, objectShare } = diskTierLimits;
  return {
    folder: diskCacheFolder,
    bytesMax,
    objectBytesMax: Math.min(objectBytesMax, Math.floor(bytesMax / objectShare)),
    minUses: diskCacheMinUses,
  };
}
