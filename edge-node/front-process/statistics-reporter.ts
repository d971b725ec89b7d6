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

export interface StatisticsReporterOptions {
  readonly takeTallies: () => readonly VersionTally[];
  readonly stats: () => Promise<readonly VersionStats[]>;
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
    const { logger, send, takeTallies } = this.#options;
    try {
      const gauges = this.#round++ % GAUGES_EVERY === 0 ? await this.#gauges() : null;
      const tallies = takeTallies();
      if (tallies.length === 0 && gauges === null) return;
      await send({ tallies, gauges });
    } catch (error) {
      logger.warn({ err: error }, "statistics.failed");
    }
  }

  /** Null: none, as it was told before. */
  async #gauges(): Promise<readonly VersionGauge[] | null> {
    const gauges = (await this.#options.stats()).filter(
      ({ instances, active, queued }) => instances + active + queued > 0,
    );
    const said = this.#saidNothing;
    this.#saidNothing = gauges.length === 0;
    return said && this.#saidNothing ? null : gauges.map(toGauge);
  }
}

function toGauge({ key, instances, active, queued }: VersionStats): VersionGauge {
  return { ...versionOfKey(key), instances, active, queued };
}
