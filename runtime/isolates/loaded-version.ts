/** A version in an engine: what its instances are made from, the pool of them, and what was counted. */
import type { Hook } from "../../sdk/phase.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import type { RunnableVersion, VersionStats } from "../driver.ts";
import type { Instance } from "./instance.ts";
import type { InstanceSource } from "./instance-factory.ts";
import type { InstancePool } from "./instance-pool.ts";

export interface LoadedVersion {
  readonly version: RunnableVersion;
  readonly source: InstanceSource;
  readonly pool: InstancePool<Instance>;
  invocations: number;
  failures: number;
  cpuMsOfStopped: number;
  unloading: boolean;
}

/** The wall limit of an invocation, milliseconds: that of the hook, and before the first answer of an instance that of the initializer as well. */
export function wallMsOf(
  { limits, event }: RunnableVersion,
  { phase, instance }: { readonly phase: Hook | undefined; readonly instance: { readonly isInitialized: boolean } },
): number {
  const hasToInitialize = event !== null && event.initializer !== null && !instance.isInitialized;
  return wallLimit(limits, phase) + (hasToInitialize ? limits.initializerWallMs : 0);
}

/** Its counters as they are now. */
export function statsOf({ version, pool, invocations, failures, cpuMsOfStopped }: LoadedVersion): VersionStats {
  return {
    key: version.key,
    instances: pool.size,
    reserved: pool.reserved,
    active: pool.instances.reduce((sum, instance) => sum + instance.active, 0),
    queued: pool.queued,
    invocations,
    failures,
    rejected: pool.rejected,
    coldStarts: pool.coldStarts,
    cpuMs: cpuMsOfStopped + pool.instances.reduce((sum, instance) => sum + instance.cpuMs, 0),
  };
}
