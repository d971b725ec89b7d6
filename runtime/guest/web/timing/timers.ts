/**
 * setTimeout and setInterval (https://html.spec.whatwg.org/#timers) over the host's timers.
 *
 * Invariant: the ids handed out are this table's own, and each is cleared at most once on the host.
 */
import { requireArguments, toLong } from "../core/webidl.ts";
import { hostPort } from "../../host-port.ts";
import { reportError } from "../console/report-error.ts";

type Handler = (...values: unknown[]) => unknown;
type TimerParameters = [handler: Handler, delayMs?: number, ...values: unknown[]];

/** Timers running at once in one instance; more throw. */
const TIMERS_MAX = 10_000;

export interface TimerFunctions {
  setTimeout(...parameters: TimerParameters): number;
  setInterval(...parameters: TimerParameters): number;
  clearTimeout(id?: number): void;
  clearInterval(id?: number): void;
}

/** The four functions over one table. */
export function createTimers(): TimerFunctions {
  const table = new TimerTable();
  function clear(id?: number): void {
    if (id !== undefined) table.clear(toLong(id));
  }
  return {
    setTimeout: (...parameters) => table.start(parameters, "once"),
    setInterval: (...parameters) => table.start(parameters, "repeat"),
    clearTimeout: (id) => clear(id),
    clearInterval: (id) => clear(id),
  };
}

class TimerTable {
  readonly #hostIds = new Map<number, number>();
  #lastId = 0;

  start(parameters: TimerParameters, mode: "once" | "repeat"): number {
    requireArguments(parameters.length, 1, mode === "once" ? "setTimeout" : "setInterval");
    const [handler, delay, ...values] = parameters;
    if (typeof handler !== "function") {
      throw new TypeError("Cannot start a timer: the handler is not a function (strings are not run as code)");
    }
    if (this.#hostIds.size >= TIMERS_MAX) throw new RangeError(`Cannot start a timer: ${TIMERS_MAX} are running`);
    const delayMs = Math.max(0, toLong(delay ?? 0));
    this.#lastId = (this.#lastId % 2_147_483_647) + 1;
    const id = this.#lastId;
    this.#arm(id, { delayMs, mode, run: () => Reflect.apply(handler, globalThis, values) });
    return id;
  }

  clear(id: number): void {
    const hostId = this.#hostIds.get(id);
    if (hostId === undefined) return;
    this.#hostIds.delete(id);
    hostPort().clearTimer(hostId);
  }

  #arm(id: number, timer: Timer): void {
    const hostId = hostPort().startTimer(timer.delayMs, () => {
      // Cleared meanwhile, while the host's message was on its way.
      if (this.#hostIds.get(id) !== hostId) return;
      if (timer.mode === "repeat") this.#arm(id, timer);
      else this.#hostIds.delete(id);
      runGuarded(timer.run);
    });
    this.#hostIds.set(id, hostId);
  }
}

interface Timer {
  readonly delayMs: number;
  readonly mode: "once" | "repeat";
  readonly run: () => unknown;
}

function runGuarded(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    reportError(error);
  }
}

/** Runs `callback` as a microtask; what it throws is reported. */
export function queueMicrotask(...parameters: [callback: () => unknown]): void {
  requireArguments(parameters.length, 1, "queueMicrotask");
  const [task] = parameters;
  if (typeof task !== "function") throw new TypeError("Cannot queue a microtask: the callback is not a function");
  void resolved.then(() => runGuarded(task));
}

const resolved: Promise<void> = Promise.resolve();
