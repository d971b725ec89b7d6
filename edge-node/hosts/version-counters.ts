/**
 * What a front's isolate hosts counted for each version, over the lives of the hosts: a host that is replaced takes its counters along, and
 * a counter that goes down is none.
 *
 * It asks no host. Invariants: no counter of a version goes down until the version is forgotten; what a host counted after it was last seen is
 * lost with it.
 */
import type { VersionStats } from "../../runtime/driver.ts";
import type { IsolateHost } from "./isolate-host.ts";

export class VersionCounters {
  readonly #seen = new Map<IsolateHost, readonly VersionStats[]>();
  readonly #ended = new WeakSet<IsolateHost>();
  /** By version: the counters of hosts that ended, added up. */
  readonly #past = new Map<string, VersionStats>();

  /** What a living host says of itself; nothing is taken from one that has ended, whose answer is empty. */
  saw(host: IsolateHost, stats: readonly VersionStats[]): void {
    if (!this.#ended.has(host) && !host.ended) this.#seen.set(host, stats);
  }

  /** A host is over: what it was last seen with stays. */
  ended(host: IsolateHost): void {
    this.#ended.add(host);
    for (const stats of this.#seen.get(host) ?? []) {
      const past = this.#past.get(stats.key);
      this.#past.set(stats.key, past === undefined ? { ...stats, ...nothingNow } : added(past, stats));
    }
    this.#seen.delete(host);
  }

  /** A version was unloaded. */
  forget(key: string): void {
    this.#past.delete(key);
    for (const [host, stats] of this.#seen) {
      this.#seen.set(
        host,
        stats.filter((row) => row.key !== key),
      );
    }
  }

  /** A row for each host and version; rows of one key are to be added. */
  get rows(): readonly VersionStats[] {
    return [...this.#past.values(), ...[...this.#seen.values()].flat()];
  }
}

/** What a host that is over has no more. */
const nothingNow = { instances: 0, reserved: 0, active: 0, queued: 0 } as const;

function added(past: VersionStats, stats: VersionStats): VersionStats {
  return {
    key: stats.key,
    ...nothingNow,
    invocations: past.invocations + stats.invocations,
    failures: past.failures + stats.failures,
    rejected: past.rejected + stats.rejected,
    coldStarts: past.coldStarts + stats.coldStarts,
    cpuMs: past.cpuMs + stats.cpuMs,
    heartbeatMisses: past.heartbeatMisses + stats.heartbeatMisses,
    retired: past.retired + stats.retired,
  };
}
