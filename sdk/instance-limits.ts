/** Bounds of a function's instances beyond those that an author sets (limits.ts): heartbeats, sizes, snapshots behind the initializer. */

/** When an instance is asked whether it is well, and when it is given up (functions.md, "Instances and concurrency"). */
export const heartbeatLimits = {
  everyMs: 5_000,
  /** No answer by then is a miss. */
  timeoutMs: 3_000,
  /** Misses in a row that retire an instance. */
  missesMax: 6,
  /** CPU time of one heartbeat while nothing else runs, or the function's own limit where that is less. Beyond: the instance is stopped. */
  cpuMsMax: 100,
  /** What a heartbeat uses while invocations run is theirs but for so much. */
  forgivenCpuMs: 5,
  /** Why one was missed, characters. */
  reasonCharsMax: 256,
} as const;

/** Sizes of an instance that who sends an event may choose from. */
export const memorySizesMax = 16;

/** Making one snapshot where the initializer runs in it: `publishLimits.snapshotMs` and its own limit twice, but never longer than this. */
export const initializedSnapshotMsMax = 300_000;
