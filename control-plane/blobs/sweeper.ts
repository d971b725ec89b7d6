/** Removes blobs that nobody needs and audit records that are too old, at the start and every hour; a failure is logged and tried again with the next. */
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Store } from "../store.ts";
import type { BlobStore } from "./blob-store.ts";
import { sweepArtifacts } from "./sweep-artifacts.ts";
import type { Uploads } from "./uploads.ts";

const sweepEveryMs = 3_600_000;

export interface SweeperOptions {
  readonly store: Store;
  readonly artifacts: BlobStore;
  readonly uploads: Uploads;
  readonly audit: { sweep(): Promise<number> };
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Sweeper {
  readonly #options: SweeperOptions;
  #running: Promise<void>;
  #cancel: CancelTimer = () => {};
  #closed = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#running = this.#sweep();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  async #sweep(): Promise<void> {
    const { uploads, audit, logger, clock } = this.#options;
    try {
      const artifacts = await sweepArtifacts(this.#options);
      const sources = await uploads.sweep();
      const records = await audit.sweep();
      logger.debug({ artifacts, sources, records }, "swept");
    } catch (error) {
      logger.error({ error }, "sweep_failed");
    }
    if (this.#closed) return;
    this.#cancel = clock.after(sweepEveryMs, () => {
      this.#running = this.#sweep();
    });
  }
}
