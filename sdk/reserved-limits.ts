/** Bounds of reserved instances. Their number in all, and their memory, are quotas (quota.ts); what a node gives them is a setting of the node. */
export const reservedLimits = {
  /** Instances of one reservation on each node; never more than the version's `instancesMax`. */
  countMax: 1_000,
  /** Scheduled entries of one reservation. */
  schedulesMax: 20,
  /** The name of an entry: characters. */
  nameCharsMax: 60,
  /** Utilisation of concurrency that is aimed at, per cent. */
  targetPercent: { min: 1, max: 99 },
  /** Minutes that a prediction looks back, and the age at which one counts half. */
  predictionMinutes: 60,
  predictionHalfLifeMinutes: 15,
  /** A front looks so often whether as many run as should; milliseconds. */
  lookMs: 1_000,
  /** What did not start, or was lost, is started again after this time at the latest; milliseconds. */
  retryMs: 5_000,
  /** A version that does not start is tried again after this time at the latest, twice as long after each failure; milliseconds. */
  failedRetryMsMax: 300_000,
  /** Instances that one front keeps over all functions, whatever memory there is: half of what one isolate host may hold. */
  instancesPerFrontMax: 1_000,
  /** Versions that have instances being started by reservations at once in one isolate host. */
  versionsStartingMax: 2,
  /** Instances of one version that a reservation has starting at once in one isolate host. */
  startingMax: 2,
  /** The share of the machine's memory that reservations may have whatever the node's setting says. */
  memoryShareMax: 0.5,
} as const;
