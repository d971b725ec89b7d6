/** A version in an engine: what its instances are made from, the pool of them, and what was counted. */
import type { Hook } from "../../sdk/phase.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import type { RunnableVersion, VersionStats } from "../driver.ts";
import { preparationMs } from "../whole-wall-limit.ts";
import type { Instance } from "./instance.ts";
import type { InstanceSource } from "./instance-factory.ts";
import type { InstancePool, InstanceSize } from "./instance-pool.ts";

export interface LoadedVersion {
  readonly version: RunnableVersion;
  readonly source: InstanceSource;
  readonly pool: InstancePool<Instance>;
  invocations: number;
  failures: number;
  cpuMsOfStopped: number;
  heartbeatMisses: number;
  retired: number;
  unloading: boolean;
}

/** Of a version that was loaded just now. */
export const freshCounters = {
  invocations: 0,
  failures: 0,
  cpuMsOfStopped: 0,
  heartbeatMisses: 0,
  retired: 0,
  unloading: false,
} as const;

/** The wall limit of an invocation, milliseconds: that of the hook, and before the first answer of an instance that of what prepares it as well. */
export function wallMsOf(
  version: RunnableVersion,
  { phase, instance }: { readonly phase: Hook | undefined; readonly instance: { readonly isInitialized: boolean } },
): number {
  return wallLimit(version.limits, phase) + (instance.isInitialized ? 0 : preparationMs(version));
}

/** The size of the instance that is asked for; one that the version does not offer is its own. */
export function sizeOf({ event, limits }: RunnableVersion, memoryMiB: number): InstanceSize {
  const isOffered = event?.memorySizesMiB.includes(memoryMiB) === true;
  return isOffered && memoryMiB !== limits.memoryMiB ? memoryMiB : null;
}

/** One missed too many heartbeats: it finishes what it runs, and another takes its place if it was in use. */
export function retire(instance: Instance, loaded: LoadedVersion): void {
  loaded.retired += 1;
  instance.isRetired = true;
  if (instance.active === 0) instance.stop("FUNCTION_UNAVAILABLE", "The instance was retired");
  else loaded.pool.replace(instance);
}

/** An idle instance leaves its place to one of another size. */
export function makeWay(instance: Instance): void {
  instance.stop("FUNCTION_UNAVAILABLE", "The instance was idle and made way for one of another size");
}

/** Its counters as they are now. */
export function statsOf(loaded: LoadedVersion): VersionStats {
  const { version, pool, invocations, failures, cpuMsOfStopped, heartbeatMisses, retired } = loaded;
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
    heartbeatMisses,
    retired,
  };
}
