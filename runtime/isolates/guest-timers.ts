/** The timers of one instance, by the ids its guest gave them. */
import { FrameError } from "../bridge/frame.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";

const timersMax = 10_000;

export class GuestTimers {
  readonly #environment: Pick<RuntimeEnvironment, "startTimer">;
  readonly #fire: (id: number) => void;
  readonly #timers = new Map<number, () => void>();

  constructor(environment: Pick<RuntimeEnvironment, "startTimer">, fire: (id: number) => void) {
    this.#environment = environment;
    this.#fire = fire;
  }

  get size(): number {
    return this.#timers.size;
  }

  /** Throws a FrameError when the guest has too many. */
  start(id: number, delayMs: number): void {
    if (this.#timers.size >= timersMax) throw new FrameError(`more than ${timersMax} timers`);
    const cancel = this.#environment.startTimer(delayMs, () => {
      this.#timers.delete(id);
      this.#fire(id);
    });
    this.clear(id);
    this.#timers.set(id, cancel);
  }

  clear(id: number): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }

  clearAll(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
