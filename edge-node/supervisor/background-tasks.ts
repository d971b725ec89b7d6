/**
 * Promises nobody waits for: each has a name, a failure is logged with it, and all can be waited for at the end.
 *
 * Invariant: no rejection of a task that was added goes unseen.
 */
import type { Logger } from "../logger.ts";

export class BackgroundTasks {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get count(): number {
    return this.#running.size;
  }

  add(name: string, task: Promise<unknown>): void {
    const running: Promise<void> = this.#watch(name, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when nothing runs any more, tasks added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #watch(name: string, task: Promise<unknown>): Promise<void> {
    try {
      await task;
    } catch (error) {
      this.#logger.error({ task: name, err: error }, "background.failed");
    }
  }
}
