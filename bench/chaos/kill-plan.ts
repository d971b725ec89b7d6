/** What is killed next and when, from a seed alone. Pure. */
import { seededRandom } from "../harness/seeded-random.ts";

/**
 * `supervisor`: that process alone; `node`: it and everything it started, as when a machine loses its power. `call queue`: the server of asynchronous
 * calls, where there is one.
 */
export type KillTarget = "control plane" | "call queue" | "supervisor" | "node" | "front" | "isolate host";

export const killTargets: readonly KillTarget[] = [
  "control plane",
  "call queue",
  "supervisor",
  "node",
  "front",
  "isolate host",
];

export interface Kill {
  /** Pause before it, milliseconds. */
  readonly afterMs: number;
  readonly target: KillTarget;
  /** In [0, 1): which of those there are. */
  readonly which: number;
}

/** Small parts die more often than large ones, as they do in earnest. */
const weights: Readonly<Record<KillTarget, number>> = {
  "control plane": 2,
  "call queue": 2,
  supervisor: 1,
  node: 1,
  front: 3,
  "isolate host": 3,
};
const pauseMs = { min: 300, max: 2_000 } as const;

export class KillPlan {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): Kill {
    const afterMs = Math.round(pauseMs.min + this.#random() * (pauseMs.max - pauseMs.min));
    const sum = killTargets.reduce((total, target) => total + weights[target], 0);
    let left = this.#random() * sum;
    const target = killTargets.find((each) => (left -= weights[each]) < 0) ?? "isolate host";
    return { afterMs, target, which: this.#random() };
  }
}
