/**
 * What nodes told about functions in the last minute, added up over the fleet. In memory: it says how things go, not how they went.
 *
 * Invariant: at most `versionsMax` versions and `windowSeconds` seconds of each are kept; a node that is gone counts nothing after `gaugeMs`.
 */
import { LRUCache } from "lru-cache";
import { addTallies, tallyQuantile } from "../../sdk/duration-buckets.ts";
import { statisticsLimits } from "../../sdk/limits.ts";
import type {
  FunctionStatistics,
  NodeStatistics,
  ReservedGauge,
  StatisticsPage,
  VersionGauge,
  VersionTally,
} from "../../sdk/statistics.ts";
import type { Clock } from "../clock.ts";

export interface StatisticsServiceOptions {
  readonly clock: Clock;
}

/** What all nodes said of a version within one second. */
interface Second {
  readonly second: number;
  readonly nodes: Set<string>;
  tally: VersionTally;
}

interface Standing {
  readonly node: string;
  readonly at: number;
  readonly gauges: readonly VersionGauge[];
}

const { versionsMax, windowSeconds, gaugeMs, frontsMax } = statisticsLimits;

export class StatisticsService {
  readonly #clock: Clock;
  /** By version, in order; no more than the window's. */
  readonly #seconds = new LRUCache<string, Second[]>({ max: versionsMax });
  /** By node and front. */
  readonly #standings = new LRUCache<string, Standing>({ max: frontsMax });
  readonly #listeners = new Set<(tallies: readonly VersionTally[]) => void>();

  constructor({ clock }: StatisticsServiceOptions) {
    this.#clock = clock;
  }

  /** Calls `listener` with everything that comes in from now on. */
  onTallies(listener: (tallies: readonly VersionTally[]) => void): void {
    this.#listeners.add(listener);
  }

  add({ node, fronts }: NodeStatistics): void {
    const at = this.#clock.monotonicMs();
    const second = Math.floor(at / 1_000);
    for (const { front, tallies, gauges } of fronts) {
      if (gauges !== null) this.#standings.set(`${node} ${front}`, { node, at, gauges });
      for (const tally of tallies) this.#addTally({ second, node, tally });
      for (const listener of this.#listeners) listener(tallies);
    }
  }

  /** Of the last `seconds`, busiest first. */
  page({ seconds, functionName }: { readonly seconds: number; readonly functionName?: string }): StatisticsPage {
    const now = this.#clock.monotonicMs();
    const since = Math.floor(now / 1_000) - seconds;
    const rows = new Map<string, Summed>();
    for (const [key, kept] of this.#seconds.entries()) {
      for (const { second, nodes, tally } of kept) if (second > since) rowOf(rows, key, tally).add(tally, nodes);
    }
    for (const { node, at, gauges } of this.#standings.values()) {
      if (now - at > gaugeMs) continue;
      for (const gauge of gauges) rowOf(rows, keyOf(gauge), gauge).stand(gauge, node);
    }
    const functions = [...rows.values()]
      .map((row) => row.shown(seconds))
      .filter((row) => functionName === undefined || row.function === functionName)
      .sort((a, b) => b.invocations - a.invocations || compareNames(a, b));
    return { seconds, functions };
  }

  #addTally(entry: { readonly second: number; readonly node: string; readonly tally: VersionTally }): void {
    const { second, node, tally } = entry;
    const key = keyOf(tally);
    let kept = this.#seconds.get(key);
    if (kept === undefined) this.#seconds.set(key, (kept = []));
    const last = kept.at(-1);
    if (last?.second === second) {
      last.nodes.add(node);
      last.tally = sumTallies(last.tally, tally);
      return;
    }
    kept.push({ second, nodes: new Set([node]), tally });
    while ((kept[0]?.second ?? second) <= second - windowSeconds) kept.shift();
  }
}

/** What two reports about one version say together. */
function sumTallies(one: VersionTally, other: VersionTally): VersionTally {
  return {
    function: one.function,
    version: one.version,
    invocations: one.invocations + other.invocations,
    errors: one.errors + other.errors,
    rejected: one.rejected + other.rejected,
    durations: addTallies(one.durations, other.durations),
  };
}

class Summed {
  readonly #name: Pick<VersionGauge, "function" | "version">;
  readonly #nodes = new Set<string>();
  #tally: VersionTally;
  #instances = 0;
  #active = 0;
  #queued = 0;
  #reserved: ReservedGauge = { wanted: 0, running: 0 };

  constructor(name: Pick<VersionGauge, "function" | "version">) {
    this.#name = { function: name.function, version: name.version };
    this.#tally = { ...this.#name, invocations: 0, errors: 0, rejected: 0, durations: [] };
  }

  add(tally: VersionTally, nodes: ReadonlySet<string>): void {
    for (const node of nodes) this.#nodes.add(node);
    this.#tally = sumTallies(this.#tally, tally);
  }

  stand({ instances, active, queued, reserved }: VersionGauge, node: string): void {
    this.#nodes.add(node);
    this.#instances += instances;
    this.#active += active;
    this.#queued += queued;
    if (reserved === undefined) return;
    const { wanted, running } = this.#reserved;
    this.#reserved = { wanted: wanted + reserved.wanted, running: running + reserved.running };
  }

  shown(seconds: number): FunctionStatistics {
    const { invocations, errors, rejected, durations } = this.#tally;
    const part = (of: number): number | null => rounded(tallyQuantile(durations, of));
    return {
      ...this.#name,
      instances: this.#instances,
      active: this.#active,
      queued: this.#queued,
      reserved: this.#reserved,
      invocations,
      errors,
      rejected,
      perSecond: Math.round((invocations / seconds) * 10) / 10,
      p50Ms: part(0.5),
      p99Ms: part(0.99),
      nodes: this.#nodes.size,
    };
  }
}

function rowOf(rows: Map<string, Summed>, key: string, name: Pick<VersionGauge, "function" | "version">): Summed {
  let row = rows.get(key);
  if (row === undefined) rows.set(key, (row = new Summed(name)));
  return row;
}

function keyOf({ function: name, version }: Pick<VersionGauge, "function" | "version">): string {
  return `${name} ${version}`;
}

function compareNames(a: FunctionStatistics, b: FunctionStatistics): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

/** Three digits say more than a bucket knows. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toPrecision(3));
}
