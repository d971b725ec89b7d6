/**
 * How many requests one turn of the event loop still takes, so that nobody who writes many at once keeps everybody else waiting.
 *
 * Counts requests, whoever sends them: the server library does not say which connection one came by. Invariant: the count begins anew with
 * every turn that took more than a few.
 */
import { setImmediate } from "node:timers";

/** To begin anew costs, and turns with few requests do not need it. */
const FEW = 64;

export class TurnBudget {
  readonly #max: number;
  #count = 0;
  #refused = 0;

  /** `max`: more than 64. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Requests there was no room for, since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether there is room for one more in this turn. */
  take(): boolean {
    this.#count++;
    if (this.#count === FEW) {
      setImmediate(() => {
        this.#count = 0;
      });
    }
    if (this.#count <= this.#max) return true;
    this.#refused++;
    return false;
  }
}
