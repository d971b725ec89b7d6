/**
 * The same loads on several servers, in alternated runs: whatever else the machine does hits all alike, and ratios are of pairs of one round.
 *
 * Knows URLs and names only. Invariant: every target gets every load once in every round, and each round starts with another target.
 */
import type { Measurement } from "../report/report.ts";
import { median, significant } from "../report/statistics.ts";
import { putLoad, type Generator } from "./load-generator.ts";
import type { LoadResult } from "./load-result.ts";

export interface LoadTarget {
  readonly name: string;
  readonly url: string;
}

export interface NamedLoad {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  /** See `Load`. */
  readonly objects?: number;
}

export interface AlternatedRun extends LoadResult {
  readonly target: string;
  readonly load: string;
}

export interface AlternatedOptions {
  readonly generator: Generator;
  readonly host: string;
  readonly rounds: number;
  /** Of one run. */
  readonly seconds: number;
  readonly env: Readonly<Record<string, string>>;
  readonly note: (text: string) => void;
}

/** Runs `rounds` × loads × targets, after a short warm-up of each target with each load. */
export async function runAlternated(
  { targets, loads }: { readonly targets: readonly LoadTarget[]; readonly loads: readonly NamedLoad[] },
  options: AlternatedOptions,
): Promise<readonly AlternatedRun[]> {
  const run = ({ url }: LoadTarget, load: NamedLoad, seconds: number): Promise<LoadResult> => {
    const { generator, host, env } = options;
    const { path, connections, objects } = load;
    const rotation = objects === undefined ? {} : { objects };
    return putLoad({ generator, url: `${url}${path}`, host, connections, seconds, ...rotation }, env);
  };
  for (const load of loads) for (const target of targets) await run(target, load, 1);
  const runs: AlternatedRun[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const first = round % targets.length;
    for (const load of loads) {
      for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
        const result = await run(target, load, options.seconds);
        runs.push({ ...result, target: target.name, load: load.name });
        const rate = Math.round(result.requestsPerSecond).toLocaleString("en-US");
        const line = `${target.name}, ${load.name}: ${rate} requests/s, ${result.failures} failures`;
        options.note(`round ${round + 1} of ${options.rounds}, ${line}`);
      }
    }
  }
  return runs;
}

/** Rate and p99 of every target and load, and failures where there were any. */
export function describeRuns(runs: readonly AlternatedRun[]): readonly Measurement[] {
  const groups = Map.groupBy(runs, ({ target, load }) => `${target}, ${load}`);
  return [...groups].flatMap(([name, group]) => {
    const failures = group.reduce((sum, run) => sum + run.failures, 0);
    return [
      { name, value: Math.round(median(group.map((run) => run.requestsPerSecond))), unit: "requests/s" },
      { name: `${name}, p99`, value: significant(median(group.map((run) => run.latencyMs.p99)), 3), unit: "ms" },
      ...(failures === 0 ? [] : [{ name: `${name}, failed requests`, value: failures, unit: "count" }]),
    ];
  });
}

/** The median over the rounds of one target's rate divided by another's; undefined when one of them did not run. */
export function rateRatio(
  runs: readonly AlternatedRun[],
  of: { readonly target: string; readonly peer: string; readonly load: string },
): number | undefined {
  return pairedRatio(runs, { ...of, value: (run) => run.requestsPerSecond });
}

/** The median over the rounds of one target's p99 divided by another's; undefined when one of them did not run. */
export function latencyRatio(
  runs: readonly AlternatedRun[],
  of: { readonly target: string; readonly peer: string; readonly load: string },
): number | undefined {
  return pairedRatio(runs, { ...of, value: (run) => run.latencyMs.p99 });
}

function pairedRatio(
  runs: readonly AlternatedRun[],
  of: {
    readonly target: string;
    readonly peer: string;
    readonly load: string;
    readonly value: (run: AlternatedRun) => number;
  },
): number | undefined {
  const values = (name: string): readonly number[] =>
    runs.filter(({ target, load }) => target === name && load === of.load).map(of.value);
  const peer = values(of.peer);
  const own = values(of.target);
  if (own.length === 0 || own.length !== peer.length) return undefined;
  return significant(median(own.map((value, round) => value / (peer[round] ?? Number.NaN))), 4);
}

/** Failed requests of one target in all its runs. */
export function failuresOf(runs: readonly AlternatedRun[], name: string): number {
  return runs.filter(({ target }) => target === name).reduce((sum, run) => sum + run.failures, 0);
}
