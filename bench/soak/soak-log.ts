/**
 * What a soak has seen, and what of it is wrong: pure bookkeeping, judged against what the origin said and when it was away.
 *
 * Invariant: every request ends up in exactly one count; the first findings of each kind are kept with their words.
 */
import type { Outage } from "./soak-origin.ts";

/** `foreign`, `torn`: a wrong body. `old`: older than a purge or no-store allows. `unexplained`: failed while the origin was there. */
export type Finding = "foreign" | "torn" | "old" | "future" | "configuration" | "unexplained";

const EXAMPLES_MAX = 5;
/** A failure this soon after the origin is back belongs to its outage: connections and requests that were under way. */
const AFTERMATH_MS = 2_000;

export class SoakLog {
  readonly findings: Map<Finding, number> = new Map();
  readonly examples: string[] = [];
  requests = 0;
  good = 0;
  /** Broken off by the client on purpose. */
  aborted = 0;
  failedInOutage = 0;
  bytes = 0;
  readonly cache: Map<string, number> = new Map();

  get wrong(): number {
    return [...this.findings.values()].reduce((sum, count) => sum + count, 0);
  }

  add(finding: Finding, detail: string): void {
    const count = (this.findings.get(finding) ?? 0) + 1;
    this.findings.set(finding, count);
    if (count <= EXAMPLES_MAX) this.examples.push(`${finding}: ${detail}`);
  }

  /** A request that got no good answer between `from` and `to`. */
  fail(
    detail: string,
    during: { readonly from: number; readonly to: number; readonly outages: readonly Outage[] },
  ): void {
    if (isExplained(during)) this.failedInOutage++;
    else this.add("unexplained", detail);
  }

  countCache(cacheStatus: string | undefined): void {
    const word = cacheWord(cacheStatus);
    this.cache.set(word, (this.cache.get(word) ?? 0) + 1);
  }
}

function isExplained(during: {
  readonly from: number;
  readonly to: number;
  readonly outages: readonly Outage[];
}): boolean {
  return during.outages.some((outage) => during.to >= outage.from && during.from <= outage.to + AFTERMATH_MS);
}

/** The word that Cache-Status begins with (RFC 9211): hit, or why it went forward. */
function cacheWord(value: string | undefined): string {
  if (value === undefined) return "none";
  if (/;\s*hit\b/.test(value)) return "hit";
  return /;\s*fwd=([a-z-]+)/.exec(value)?.[1] ?? "other";
}
