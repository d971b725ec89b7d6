/** `scheduler.wait(ms)`: a pause to await, as other edge runtimes have it. */
import { finishInterface } from "../core/interface.ts";
import { requireArguments, toDictionary, toEnforcedInteger } from "../core/webidl.ts";
import { hostPort } from "../../host-port.ts";
import { isAbortSignal, onAbort, type AbortSignal } from "../events/abort-signal.ts";

const internal: unique symbol = Symbol("internal");
const delayMsMax = 2_147_483_647;

export class Scheduler {
  constructor(token?: typeof internal) {
    if (token !== internal) throw new TypeError("Cannot create a Scheduler: illegal constructor");
  }

  /** Resolves after `delayMs` (0..2147483647, longer ones are cut); rejects with the signal's reason when it aborts. */
  async wait(...parameters: [delayMs: number, options?: { readonly signal?: AbortSignal } | null]): Promise<void> {
    requireArguments(parameters.length, 1, "scheduler.wait");
    const delayMs = toEnforcedInteger(parameters[0], "the delay of scheduler.wait");
    const signal = toDictionary(parameters[1], "scheduler.wait")["signal"];
    if (signal !== undefined && !isAbortSignal(signal)) {
      throw new TypeError("Cannot wait: options.signal is not an AbortSignal");
    }
    signal?.throwIfAborted();
    await pause(Math.min(delayMs, delayMsMax), signal);
  }
}

export function createScheduler(): Scheduler {
  return new Scheduler(internal);
}

function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const port = hostPort();
    const forget =
      signal === undefined
        ? () => undefined
        : onAbort(signal, () => {
            port.clearTimer(timer);
            reject(signal.reason);
          });
    const timer = port.startTimer(delayMs, () => {
      forget();
      resolve();
    });
  });
}

finishInterface(Scheduler, "Scheduler", { shown: [] });
