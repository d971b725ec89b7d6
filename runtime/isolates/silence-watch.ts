/**
 * Notices instances in which invocations wait while nothing is under way that could ever wake them, and lets those fail.
 *
 * Silence has to last: an instance is silent for moments all the time.
 */
import type { Instance } from "./instance.ts";

const silentChecksBeforeFail = 20;

export class SilenceWatch {
  readonly #checks = new Map<Instance, number>();

  /** One look at an instance with invocations. */
  look(instance: Instance): void {
    const checks = instance.silent ? (this.#checks.get(instance) ?? 0) + 1 : 0;
    this.#checks.set(instance, checks);
    if (checks < silentChecksBeforeFail) return;
    this.#checks.set(instance, 0);
    instance.failNeverSettled().catch(() => {
      instance.stop("FUNCTION_INSTANCE_LOST", "The instance does not answer");
    });
  }

  /** Forgets all but those that are busy now. */
  keepOnly(busy: ReadonlySet<Instance>): void {
    for (const instance of this.#checks.keys()) {
      if (!busy.has(instance)) this.#checks.delete(instance);
    }
  }
}
