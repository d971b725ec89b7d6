/**
 * Lets publishes through: one at a time for each function, a few at a time in all, and no more waiting than
 * `publishLimits.buildQueueMax`.
 */
import { publishLimits } from "../../sdk/limits.ts";
import { ControlError } from "../control-error.ts";

export class PublishQueue {
  #working = 0;
  readonly #busyFunctions = new Set<string>();
  /** In order of arrival. */
  readonly #waiting: { readonly functionName: string; readonly start: () => void }[] = [];

  /** Runs `work` when its turn has come. @throws ControlError BUILD_QUEUE_FULL, and whatever `work` throws. */
  async run<T>(functionName: string, work: () => Promise<T>): Promise<T> {
    if (this.#mayStart(functionName)) this.#take(functionName);
    else await this.#wait(functionName);
    try {
      return await work();
    } finally {
      this.#working--;
      this.#busyFunctions.delete(functionName);
      this.#startNext();
    }
  }

  #mayStart(functionName: string): boolean {
    return this.#working < publishLimits.buildersMax && !this.#busyFunctions.has(functionName);
  }

  #take(functionName: string): void {
    this.#working++;
    this.#busyFunctions.add(functionName);
  }

  #wait(functionName: string): Promise<void> {
    if (this.#waiting.length >= publishLimits.buildQueueMax) throw new ControlError("BUILD_QUEUE_FULL");
    return new Promise((resolve) => {
      this.#waiting.push({ functionName, start: resolve });
    });
  }

  /** The turn is taken before the waiter runs, so that nobody overtakes it. */
  #startNext(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ functionName }) => this.#mayStart(functionName));
      const [waiter] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (waiter === undefined) return;
      this.#take(waiter.functionName);
      waiter.start();
    }
  }
}
