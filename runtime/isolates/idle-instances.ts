/**
 * The instances of one process that do nothing: the one that was used longest ago goes when there are too many, and each when it was idle for too long.
 *
 * An instance under load is idle many times a second: only one that is idle at the next look counts as idle. Invariant: none in the list runs an invocation.
 */
import { LRUCache } from "lru-cache";
import { nodeLimits } from "../../sdk/limits.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import type { Instance } from "./instance.ts";

export class IdleInstances {
  readonly #idle: LRUCache<number, Instance>;
  readonly #justIdle = new Set<Instance>();

  constructor(environment: Pick<RuntimeEnvironment, "nowMs">) {
    this.#idle = new LRUCache<number, Instance>({
      max: nodeLimits.instancesPerHostMax,
      ttl: nodeLimits.instanceIdleMs,
      ttlAutopurge: false,
      perf: { now: () => environment.nowMs() },
      disposeAfter: (instance, _number, reason) => {
        if (reason !== "delete") instance.stop("FUNCTION_UNAVAILABLE", "The instance was idle and was evicted");
      },
    });
  }

  /** Whether some may have to be listed at the next look. */
  get hasNew(): boolean {
    return this.#justIdle.size > 0;
  }

  /** Its last invocation ended. */
  became(instance: Instance): void {
    this.#justIdle.add(instance);
  }

  enter(instance: Instance): void {
    instance.isListedIdle = true;
    this.#idle.set(instance.number, instance);
  }

  leave(instance: Instance): void {
    if (!instance.isListedIdle) return;
    instance.isListedIdle = false;
    this.#idle.delete(instance.number);
  }

  /** One look. */
  list(): void {
    for (const instance of this.#justIdle) {
      if (instance.active === 0 && !instance.stopped) this.enter(instance);
    }
    this.#justIdle.clear();
  }

  /** Stops those that were idle for too long. */
  evictStale(): void {
    this.#idle.purgeStale();
  }

  forget(instance: Instance): void {
    this.#idle.delete(instance.number);
    this.#justIdle.delete(instance);
  }
}
