/**
 * `performance` as far as servers have it (https://w3c.github.io/hr-time/).
 *
 * The clock begins when the instance starts, so at module top level (and in a snapshot) it stands at 0.
 */
import { finishInterface } from "../core/interface.ts";
import { EventTarget } from "../events/event-target.ts";
import { hostPortOrNull } from "../../host-port.ts";

const internal: unique symbol = Symbol("internal");

export class Performance extends EventTarget {
  #timeOrigin: number | null = null;

  constructor(token?: typeof internal) {
    super();
    if (token !== internal) throw new TypeError("Cannot create a Performance: illegal constructor");
  }

  now(): number {
    void this.#timeOrigin;
    return hostPortOrNull()?.monotonicMs() ?? 0;
  }

  /** Unix milliseconds at which `now()` was 0. */
  get timeOrigin(): number {
    const port = hostPortOrNull();
    if (port === null) return Date.now();
    this.#timeOrigin ??= Date.now() - port.monotonicMs();
    return this.#timeOrigin;
  }

  toJSON(): { readonly timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  }
}

export function createPerformance(): Performance {
  return new Performance(internal);
}

finishInterface(Performance, "Performance", { shown: ["timeOrigin"] });
