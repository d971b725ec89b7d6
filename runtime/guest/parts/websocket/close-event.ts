/** CloseEvent (https://websockets.spec.whatwg.org/#the-closeevent-interface). */
import { finishInterface } from "../../web/core/interface.ts";
import { toBoolean, toDictionary, toUnsignedShort, toUsvString } from "../../web/core/webidl.ts";
import { Event, type EventInit } from "../../web/events/event.ts";

export interface CloseEventInit extends EventInit {
  readonly wasClean?: boolean;
  readonly code?: number;
  readonly reason?: string;
}

export class CloseEvent extends Event {
  readonly #wasClean: boolean;
  readonly #code: number;
  readonly #reason: string;

  constructor(...parameters: [type: string, init?: CloseEventInit | null]) {
    super(...parameters);
    const init = toDictionary(parameters[1], "CloseEvent");
    this.#code = toUnsignedShort(init["code"] ?? 0);
    this.#reason = init["reason"] === undefined ? "" : toUsvString(init["reason"]);
    this.#wasClean = toBoolean(init["wasClean"]);
  }

  get wasClean(): boolean {
    return this.#wasClean;
  }
  get code(): number {
    return this.#code;
  }
  get reason(): string {
    return this.#reason;
  }
}

finishInterface(CloseEvent, "CloseEvent", { shown: ["type", "code", "reason", "wasClean"] });
