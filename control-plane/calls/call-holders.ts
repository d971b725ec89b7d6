/**
 * Which of the control planes that share a queue are alive: each tells so every `beatMs`, and one that is silent for `silenceMs` is gone.
 *
 * Judged by this process's own monotonic time since it last heard, so that clocks need not agree. Knows no messages.
 */
import type { Clock } from "../clock.ts";

export const holderLimits = {
  /** Between signs of life, milliseconds. */
  beatMs: 2_000,
  /** Without one for this long a control plane is gone, milliseconds. */
  silenceMs: 10_000,
  /** Who does not hear itself for this long hears nobody, milliseconds. Less than `silenceMs`. */
  deafMs: 6_000,
} as const;

export class CallHolders {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #heardMs = new Map<string, number>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  heard(holder: string): void {
    this.#heardMs.set(holder, this.#clock.monotonicMs());
  }

  /** Nothing could be heard for a while: everybody's silence counts from now on. */
  restart(): void {
    for (const holder of this.#heardMs.keys()) this.heard(holder);
  }

  /** Those that are gone, of those heard of and those of `named`, whose silence counts from the first question on. */
  gone(named: readonly string[]): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    for (const holder of named) if (!this.#heardMs.has(holder)) this.heard(holder);
    return [...this.#heardMs].flatMap(([holder, heardMs]) =>
      nowMs - heardMs >= holderLimits.silenceMs ? [holder] : [],
    );
  }

  forget(holder: string): void {
    this.#heardMs.delete(holder);
  }
}
