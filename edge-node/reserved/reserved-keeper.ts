/**
 * Sees to it that a front has as many instances of each version started as reservations ask for: looks every second, so that what was lost with an
 * isolate host is started in the next one.
 *
 * It decides nothing itself (plan-reserved.ts) and starts nothing itself (`Driver.reserve`). Invariant: what is kept follows from the reservations, the
 * use of the last hour and the clocks of this moment; a wall clock that jumps is followed within `retryMs`, in both directions.
 */
import type { Driver } from "../../runtime/driver.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";
import type { VersionGauge, VersionTally } from "../../sdk/statistics.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { planReserved, type FrontPlace, type ReservedPlan, type ReservedVersion } from "./plan-reserved.ts";
import { UsageHistory } from "./usage-history.ts";

export interface ReservedKeeperOptions {
  readonly driver: Pick<Driver, "reserve">;
  readonly front: FrontPlace;
  /** For reservations, of the whole node. */
  readonly memoryMiB: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ReservedKeeper {
  readonly #options: ReservedKeeperOptions;
  readonly #history = new UsageHistory();
  #versions: readonly ReservedVersion[] = [];
  #plans: ReadonlyMap<string, ReservedPlan> = new Map();
  #plannedMs = Number.NEGATIVE_INFINITY;
  #short = "";
  #cancel: CancelTimer | null = null;

  constructor(options: ReservedKeeperOptions) {
    this.#options = options;
  }

  /** How many each version should have in this front, by the driver's key. */
  get plans(): ReadonlyMap<string, ReservedPlan> {
    return this.#plans;
  }

  /** Loaded versions with reservations, from now on. */
  set(versions: readonly ReservedVersion[]): void {
    const adaptive = versions.filter(({ policies }) =>
      policies.some(({ metric, recommended }) => metric !== null || recommended !== null),
    );
    this.#history.keepOnly(new Set(adaptive.map(nameOf)), this.#options.clock.monotonicMs());
    this.#versions = versions;
    this.#plannedMs = Number.NEGATIVE_INFINITY;
    this.#cancel?.();
    this.#look();
  }

  /** What ended since the last time, and how versions stand; null: hosts were not asked. */
  note(report: { readonly tallies: readonly VersionTally[]; readonly gauges: readonly VersionGauge[] | null }): void {
    this.#history.note(report, this.#options.clock.monotonicMs());
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#versions = [];
  }

  #look(): void {
    const { clock, driver } = this.#options;
    if (clock.monotonicMs() - this.#plannedMs >= reservedLimits.retryMs) this.#plan();
    for (const [key, { kept }] of this.#plans) driver.reserve(key, kept);
    this.#cancel = this.#versions.length === 0 ? null : clock.after(reservedLimits.lookMs, () => this.#look());
  }

  #plan(): void {
    const { clock, driver, front, memoryMiB } = this.#options;
    this.#plannedMs = clock.monotonicMs();
    const plans = planReserved(this.#versions, {
      front,
      memoryMiB,
      nowMs: clock.now(),
      uses: (version) => this.#history.of(nameOf(version), this.#plannedMs),
    });
    for (const key of this.#plans.keys()) if (!plans.has(key)) driver.reserve(key, 0);
    this.#plans = plans;
    this.#tellShort();
  }

  /** Once for each change of what is missing. */
  #tellShort(): void {
    const short = this.#versions.flatMap(({ key, function: name, version }) => {
      const plan = this.#plans.get(key);
      if (plan === undefined || plan.kept >= plan.wanted) return [];
      return [{ function: name, version, wanted: plan.wanted, kept: plan.kept }];
    });
    const text = JSON.stringify(short);
    if (text === this.#short) return;
    this.#short = text;
    const { logger, memoryMiB } = this.#options;
    if (short.length > 0) logger.warn({ memoryMiB, versions: short.slice(0, 20) }, "reserved.short");
  }
}

function nameOf({ function: name, version }: ReservedVersion): string {
  return `${name}@${version}`;
}
