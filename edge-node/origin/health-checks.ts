/**
 * When sources are asked how they are: each in its own rhythm, with jitter, so that fronts and nodes do not ask in step.
 *
 * Knows neither network nor verdicts: `check` asks and tells. Each front checks for itself: what is known about a source is kept where it is
 * used, a front that hangs cannot blind the others, and the requests are few. Invariant: at most `checksAtOnceMax` run, one for each source, and
 * none once its source is gone.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";

export interface HealthCheckPlan {
  /** Plans of one key and one signature are the same. */
  readonly signature: string;
  readonly intervalMs: number;
  /** Asks once and keeps what it learns; must not reject, and must end in time. */
  check(signal: AbortSignal): Promise<void>;
}

interface Running {
  readonly plan: HealthCheckPlan;
  readonly stop: AbortController;
  cancelTimer: CancelTimer;
}

export class HealthChecks {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #running = new Map<string, Running>();
  #checking = 0;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: () => number }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Sources that are checked. */
  get size(): number {
    return this.#running.size;
  }

  /** Checks these from now on and no others; those that are checked already keep their rhythm. */
  keep(plans: ReadonlyMap<string, HealthCheckPlan>): void {
    for (const [key, running] of this.#running) {
      if (plans.get(key)?.signature !== running.plan.signature) this.#stop(key, running);
    }
    for (const [key, plan] of plans) {
      if (this.#running.has(key) || this.#running.size >= originLimits.checkedSourcesMax) continue;
      const running: Running = { plan, stop: new AbortController(), cancelTimer: () => {} };
      this.#running.set(key, running);
      this.#schedule(running, plan.intervalMs * this.#random());
    }
  }

  close(): void {
    for (const [key, running] of this.#running) this.#stop(key, running);
  }

  #stop(key: string, running: Running): void {
    this.#running.delete(key);
    running.cancelTimer();
    running.stop.abort();
  }

  #schedule(running: Running, delayMs: number): void {
    running.cancelTimer = this.#clock.after(Math.ceil(delayMs), () => this.#turn(running));
  }

  #turn(running: Running): void {
    const { plan, stop } = running;
    const nextMs = plan.intervalMs * (0.9 + this.#random() * 0.2);
    if (this.#checking >= originLimits.checksAtOnceMax) {
      this.#schedule(running, nextMs);
      return;
    }
    this.#checking++;
    void plan.check(stop.signal).finally(() => {
      this.#checking--;
      if (!stop.signal.aborted) this.#schedule(running, nextMs);
    });
  }
}
