/** A clock whose time of day and whose monotonic time are moved apart, as when a machine's clock is set. */
import { FakeClock } from "../fake-clock.ts";

export class QueueClock extends FakeClock {
  #setMs = 0;

  /** The time of day jumps; nothing else passes. */
  set(ms: number): void {
    this.#setMs += ms;
  }

  override now(): number {
    return super.now() + this.#setMs;
  }
}
