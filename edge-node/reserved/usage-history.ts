/**
 * How much concurrency each version with a reservation used in this front, minute by minute: what metric and prediction decide by.
 *
 * A minute's use is the larger of two averages: the time that ended invocations took (their number times their duration, Little's law), which sees short
 * ones, and the invocations that ran whenever hosts were asked, which sees long ones. Time is monotonic. Invariant: only versions that `keepOnly` named
 * are kept, and of each no more than `predictionMinutes` minutes.
 */
import { durationBucketEnd } from "../../sdk/duration-buckets.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import type { VersionGauge, VersionTally } from "../../sdk/statistics.ts";

/** Concurrency used on average in a whole minute; `ageMinutes` 1 is the last. */
export interface MinuteUse {
  readonly ageMinutes: number;
  readonly concurrency: number;
}

interface Minute {
  readonly minute: number;
  busyMs: number;
  sampledActive: number;
  samples: number;
}

const MINUTE_MS = 60_000;

export class UsageHistory {
  readonly #minutes = new Map<string, Minute[]>();
  /** Nothing is known of minutes before. */
  readonly #sinceMinute = new Map<string, number>();

  /** Versions (`function@version`) that are of interest from now on. */
  keepOnly(names: ReadonlySet<string>, nowMs: number): void {
    for (const name of this.#minutes.keys()) if (!names.has(name)) this.#forget(name);
    for (const name of names) {
      if (this.#minutes.has(name)) continue;
      this.#minutes.set(name, []);
      this.#sinceMinute.set(name, minuteOf(nowMs));
    }
  }

  /** What ended since the last time, and how versions stand; null: hosts were not asked. */
  note(
    { tallies, gauges }: { readonly tallies: readonly VersionTally[]; readonly gauges: readonly VersionGauge[] | null },
    nowMs: number,
  ): void {
    for (const { durations, ...version } of tallies) {
      const minute = this.#minute(nameOf(version), nowMs);
      if (minute === null) continue;
      for (const [bucket, count] of durations) minute.busyMs += durationBucketEnd(bucket) * count;
    }
    if (gauges === null) return;
    const active = new Map<string, number>();
    for (const gauge of gauges) active.set(nameOf(gauge), (active.get(nameOf(gauge)) ?? 0) + gauge.active);
    for (const name of this.#minutes.keys()) {
      const minute = this.#minute(name, nowMs);
      if (minute === null) continue;
      minute.sampledActive += active.get(name) ?? 0;
      minute.samples += 1;
    }
  }

  /** The whole minutes that are known of, newest first; one in which nothing came is 0. */
  of(name: string, nowMs: number): readonly MinuteUse[] {
    const minutes = this.#minutes.get(name);
    const since = this.#sinceMinute.get(name);
    if (minutes === undefined || since === undefined) return [];
    const now = minuteOf(nowMs);
    const known = new Map(minutes.map((minute) => [minute.minute, minute]));
    const uses: MinuteUse[] = [];
    // The minute that the version came in was none of its own as a whole.
    for (let ageMinutes = 1; ageMinutes <= reservedLimits.predictionMinutes && now - ageMinutes > since; ageMinutes++) {
      const minute = known.get(now - ageMinutes);
      uses.push({ ageMinutes, concurrency: minute === undefined ? 0 : averageOf(minute) });
    }
    return uses;
  }

  #minute(name: string, nowMs: number): Minute | null {
    const minutes = this.#minutes.get(name);
    if (minutes === undefined) return null;
    const now = minuteOf(nowMs);
    const last = minutes.at(-1);
    if (last?.minute === now) return last;
    const next = { minute: now, busyMs: 0, sampledActive: 0, samples: 0 };
    minutes.push(next);
    while (minutes.length > reservedLimits.predictionMinutes + 1) minutes.shift();
    return next;
  }

  #forget(name: string): void {
    this.#minutes.delete(name);
    this.#sinceMinute.delete(name);
  }
}

function averageOf({ busyMs, sampledActive, samples }: Minute): number {
  return Math.max(busyMs / MINUTE_MS, samples === 0 ? 0 : sampledActive / samples);
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

function nameOf({ function: name, version }: { readonly function: string; readonly version: string }): string {
  return `${name}@${version}`;
}
