/**
 * Durations counted in buckets, so that counts of many nodes add up and percentiles are off by at most a bucket's width (9 %).
 *
 * Bucket 0 ends at 1/16 ms; each further one ends 2^(1/8) times later, the last holds everything from 15 minutes on. Pure.
 */

/** Of one histogram. */
export const durationBucketCount = 192;

const firstEndMs = 1 / 16;
const perDoubling = 8;

/** Where a duration in milliseconds is counted. */
export function durationBucket(durationMs: number): number {
  if (!(durationMs > firstEndMs)) return 0;
  return Math.min(durationBucketCount - 1, Math.ceil(Math.log2(durationMs / firstEndMs) * perDoubling));
}

/** Milliseconds, included. */
export function durationBucketEnd(bucket: number): number {
  return firstEndMs * 2 ** (bucket / perDoubling);
}

/** Counts by bucket, those that are not 0 in order. */
export type DurationTally = readonly (readonly [bucket: number, count: number])[];

export function tallyCount(tally: DurationTally): number {
  return tally.reduce((sum, [, count]) => sum + count, 0);
}

/** The end of the bucket that holds the so-manieth part (0..1) of all, milliseconds; null: there are none. */
export function tallyQuantile(tally: DurationTally, part: number): number | null {
  const wanted = Math.max(1, Math.ceil(tallyCount(tally) * part));
  let below = 0;
  for (const [bucket, count] of tally) {
    below += count;
    if (below >= wanted) return durationBucketEnd(bucket);
  }
  return null;
}

/** How many took longer than the bucket that `limitMs` is in. */
export function tallyAbove(tally: DurationTally, limitMs: number): number {
  const limit = durationBucket(limitMs);
  return tally.reduce((sum, [bucket, count]) => (bucket > limit ? sum + count : sum), 0);
}

export function addTallies(one: DurationTally, other: DurationTally): DurationTally {
  const sums = new Map(one);
  for (const [bucket, count] of other) sums.set(bucket, (sums.get(bucket) ?? 0) + count);
  return [...sums].sort(([left], [right]) => left - right);
}
