/**
 * What the cache asks about purges: whether an entry it found may still be used.
 *
 * Purging never walks the cache; entries are judged when they are looked up. Knows nothing of how purges come or are kept.
 */

/** What of a stored answer decides whether a purge means it. */
export interface PurgeableEntry {
  /** The configured domain, as the cache key has it. */
  readonly domain: string;
  /** Canonical, spelled for purges as the query is. */
  readonly path: string;
  /** "" or `?…`, as keyed by the domain's cache rule. */
  readonly query: string;
  readonly tags: readonly string[];
  /** When the request that brought the answer, or validated it last, was sent: milliseconds since the epoch on this node's clock. */
  readonly requestedAt: number;
}

/** `stale`: may be served only as a stale answer may, and is validated first. `gone`: as if it were not there. */
export type PurgeJudgement = "kept" | "stale" | "gone";

export interface PurgeView {
  /** Nothing was ever purged: `judge` need not be asked. */
  readonly isEmpty: boolean;
  judge(entry: PurgeableEntry): PurgeJudgement;
}

/** The view of a front that no purge has reached. */
export const nothingPurged: PurgeView = Object.freeze({ isEmpty: true, judge: () => "kept" as const });
