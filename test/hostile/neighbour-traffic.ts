/** Steady traffic to a well-behaved function: starts its clients' thread, keeps what they saw, ends it. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { between, clockMs, type NeighbourPlan, type NeighbourSample } from "./neighbour-samples.ts";

export class NeighbourTraffic {
  readonly #worker: Worker;
  readonly #plan: NeighbourPlan;
  readonly #samples: NeighbourSample[] = [];
  readonly #exited: Promise<unknown>;

  private constructor(worker: Worker, plan: NeighbourPlan) {
    this.#worker = worker;
    this.#plan = plan;
    this.#exited = once(worker, "exit");
    worker.on("message", (samples: readonly NeighbourSample[]) => {
      for (const sample of samples) this.#samples.push(sample);
    });
  }

  static async start(plan: NeighbourPlan): Promise<NeighbourTraffic> {
    const worker = new Worker(new URL("neighbour-clients-main.ts", import.meta.url), { workerData: plan });
    await once(worker, "online");
    return new NeighbourTraffic(worker, plan);
  }

  /** Requests that were due between two moments of `clockMs`, once each was answered or is late. */
  async seen(fromMs: number, toMs: number = clockMs()): Promise<readonly NeighbourSample[]> {
    const due = Math.floor(((toMs - fromMs) * this.#plan.perSecond) / 1_000) - 1;
    const end = clockMs() + this.#plan.deadlineMs + 500;
    for (;;) {
      const samples = between(this.#samples, { fromMs, toMs });
      if (samples.length >= due || clockMs() > end) return samples;
      await delay(20);
    }
  }

  /** Everything so far. */
  get samples(): readonly NeighbourSample[] {
    return this.#samples;
  }

  /** Waits for requests under way, each bounded by its deadline. Idempotent. */
  async stop(): Promise<void> {
    this.#worker.postMessage("stop", []);
    await this.#exited;
  }
}
