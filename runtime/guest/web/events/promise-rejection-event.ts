/** PromiseRejectionEvent (https://html.spec.whatwg.org/#promiserejectionevent). */
import { finishInterface } from "../core/interface.ts";
import { requireArguments, toDictionary } from "../core/webidl.ts";
import { Event, type EventInit } from "./event.ts";

export interface PromiseRejectionEventInit extends EventInit {
  readonly promise: object;
  readonly reason?: unknown;
}

export class PromiseRejectionEvent extends Event {
  readonly #promise: unknown;
  readonly #reason: unknown;

  constructor(...parameters: [type: string, init: PromiseRejectionEventInit]) {
    requireArguments(parameters.length, 2, "the PromiseRejectionEvent constructor");
    super(...parameters);
    const init = toDictionary(parameters[1], "PromiseRejectionEvent");
    const promise = init["promise"];
    if (promise === undefined) throw new TypeError("Cannot create a PromiseRejectionEvent: promise is missing");
    this.#promise = promise;
    this.#reason = init["reason"];
  }

  get promise(): unknown {
    return this.#promise;
  }

  get reason(): unknown {
    return this.#reason;
  }
}

finishInterface(PromiseRejectionEvent, "PromiseRejectionEvent", { shown: ["type", "promise", "reason"] });
