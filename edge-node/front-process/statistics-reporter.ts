/**
 * Tells the supervisor about once a second what functions did, and every few seconds how their instances stand.
 *
 * Invariant: a front whose functions do nothing sends nothing but, once, that nothing runs any more.
 */
import type { VersionStats } from "../../runtime/driver.ts";
import type { FrontStatistics, VersionGauge, VersionTally } from "../../sdk/statistics.ts";
import { versionOfKey } from "../artifacts/version-key.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { ReservedKeeper } from "../reserved/reserved-keeper.ts";

export interface StatisticsReporterOptions {
  readonly takeTallies: () => readonly VersionTally[];
  readonly stats: () => Promise<readonly VersionStats[]>;
  /** Learns what is reported, and knows how many instances are to be kept. */
  readonly reserved: Pick<ReservedKeeper, "note" | "plans">;
  readonly send: (report: Omit<FrontStatistics, "front">) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL_MS = 1_000;
/** Reports between two that ask every isolate host. */
const GAUGES_EVERY = 5;

export class StatisticsReporter {
  readonly #options: StatisticsReporterOptions;
  #cancel: CancelTimer = () => {};
  #round = 0;
  #saidNothing = true;
  #closed = false;

  constructor(options: StatisticsReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(INTERVAL_MS, () => {
      void this.#report().finally(() => {
        if (!this.#closed) this.start();
      });
    });
  }

  /** Sends what was counted last. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#report();
  }

  async #report(): Promise<void> {
    const { logger, reserved, send, takeTallies } = this.#options;
    try {
      const standing = this.#round++ % GAUGES_EVERY === 0 ? await this.#gauges() : null;
      const tallies = takeTallies();
      reserved.note({ tallies, gauges: standing });
      const gauges = standing === null || this.#isKnown(standing) ? null : standing;
      if (tallies.length === 0 && gauges === null) return;
      await send({ tallies, gauges });
    } catch (error) {
      logger.warn({ err: error }, "statistics.failed");
    }
  }

  async #gauges(): Promise<readonly VersionGauge[]> {
    const stats = (await this.#options.stats()).filter(
      ({ instances, active, queued }) => instances + active + queued > 0,
    );
    const unsaid = new Map([...this.#options.reserved.plans].filter(([, { wanted }]) => wanted > 0));
    const gauges = stats.map((row): VersionGauge => {
      const wanted = unsaid.get(row.key)?.wanted ?? 0;
      // A version may have several rows; what is wanted of it is said once.
      unsaid.delete(row.key);
      return wanted + row.reserved === 0
        ? toGauge(row)
        : { ...toGauge(row), reserved: { wanted, running: row.reserved } };
    });
    const missing = [...unsaid].map(([key, { wanted }]): VersionGauge => {
      return { ...versionOfKey(key), ...nothing, reserved: { wanted, running: 0 } };
    });
    return [...gauges, ...missing];
  }

  /** There is nothing, and that was said. */
  #isKnown(gauges: readonly VersionGauge[]): boolean {
    const said = this.#saidNothing;
    this.#saidNothing = gauges.length === 0;
    return said && this.#saidNothing;
  }
}

const nothing = { instances: 0, active: 0, queued: 0 } as const;

function toGauge({ key, instances, active, queued }: VersionStats): VersionGauge {
  return { ...versionOfKey(key), instances, active, queued };
}
