/** What is killed next and when, from a seed alone. Pure. */

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

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
