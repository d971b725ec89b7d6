/**
 * Instances that nobody needs at the moment: disposed when they were idle for long, and, of too many, those first that were idle longest.
 *
 * Reserved ones are never listed. An instance under load is idle many times a second: only one that is idle at the next look counts as idle.
 */
import { LRUCache } from "lru-cache";
import { nodeLimits } from "../../sdk/limits.ts";
import type { Instance } from "./instance.ts";

export interface IdleInstancesOptions {
  readonly nowMs: () => number;
  /** Its pool keeps it. */
  readonly isReserved: (instance: Instance) => boolean;
}

export class IdleInstances {
  readonly #options: IdleInstancesOptions;
  readonly #listed: LRUCache<number, Instance>;
  readonly #justIdle = new Set<Instance>();

  constructor(options: IdleInstancesOptions) {
    this.#options = options;
    this.#listed = new LRUCache<number, Instance>({
      max: nodeLimits.instancesPerHostMax,
      ttl: nodeLimits.instanceIdleMs,
      ttlAutopurge: false,
      perf: { now: options.nowMs },
      disposeAfter: (instance, _number, reason) => {
        if (reason !== "delete") instance.stop("FUNCTION_UNAVAILABLE", "The instance was idle and was evicted");
      },
    });
  }

  /** Whether some wait for the next look. */
  get areWaiting(): boolean {
    return this.#justIdle.size > 0;
  }

  /** It has nothing to do; the next look lists it if that is so still. */
  note(instance: Instance): void {
    this.#justIdle.add(instance);
  }

  list(instance: Instance): void {
    if (this.#options.isReserved(instance)) return;
    instance.isListedIdle = true;
    this.#listed.set(instance.number, instance);
  }

  /** It has something to do. */
  leave(instance: Instance): void {
    if (!instance.isListedIdle) return;
    instance.isListedIdle = false;
    this.#listed.delete(instance.number);
  }

  look(): void {
    for (const instance of this.#justIdle) {
      if (instance.active === 0 && !instance.stopped) this.list(instance);
    }
    this.#justIdle.clear();
  }

  /** Which of a pool's instances are reserved has changed. */
  sort(instances: readonly Instance[]): void {
    for (const instance of instances) {
      if (this.#options.isReserved(instance)) this.leave(instance);
      else if (instance.active === 0 && !instance.stopped && !instance.isListedIdle) this.list(instance);
    }
  }

  /** Disposes what was idle too long. */
  evictStale(): void {
    this.#listed.purgeStale();
  }

  /** It is gone. */
  forget(instance: Instance): void {
    this.#listed.delete(instance.number);
    this.#justIdle.delete(instance);
  }
}
