/**
 * What each function version did since somebody last took the counts: for the control plane, which adds up all nodes.
 *
 * Invariant: counting allocates nothing once a version was seen; at most `TALLIES_MAX` versions are kept, beyond it those used least recently
 * lose what was not taken yet.
 */
import { LRUCache } from "lru-cache";
import { durationBucket, durationBucketCount } from "../../sdk/duration-buckets.ts";
import type { VersionTally } from "../../sdk/statistics.ts";

const TALLIES_MAX = 10_000;

/** How an invocation ended. `dropped`: its client went away. */
export type TallyKind = "done" | "error" | "rejected" | "dropped";

export class Tally {
  readonly function: string;
  readonly version: string;
  invocations = 0;
  errors = 0;
  rejected = 0;
  readonly buckets: Uint32Array = new Uint32Array(durationBucketCount);

  constructor(name: string, version: string) {
    this.function = name;
    this.version = version;
  }

  count(kind: TallyKind, durationMs: number): void {
    if (kind === "dropped") return;
    this.invocations++;
    if (kind === "error") this.errors++;
    if (kind === "rejected") this.rejected++;
    const bucket = durationBucket(durationMs);
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
  }

  /** Null: nothing. */
  take(): VersionTally | null {
    if (this.invocations === 0) return null;
    const { function: name, version, invocations, errors, rejected } = this;
    const durations: [number, number][] = [];
    for (const [bucket, count] of this.buckets.entries()) if (count > 0) durations.push([bucket, count]);
    this.buckets.fill(0);
    this.invocations = 0;
    this.errors = 0;
    this.rejected = 0;
    return { function: name, version, invocations, errors, rejected, durations };
  }
}

export class Tallies {
  readonly #tallies = new LRUCache<string, Tally>({ max: TALLIES_MAX });

  of(name: string, version: string): Tally {
    const key = `${name}@${version}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = new Tally(name, version);
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  /** What was counted since it was taken last. */
  take(): readonly VersionTally[] {
    return [...this.#tallies.values()].flatMap((tally) => tally.take() ?? []);
  }
}
