/** MessageEvent (https://html.spec.whatwg.org/multipage/comms.html#messageevent). */
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, sequenceOf, toDictionary, toDomString, toUsvString } from "../core/webidl.ts";
import { Event, eventStateOf, type EventInit } from "./event.ts";

export interface MessageEventInit extends EventInit {
  readonly data?: unknown;
  readonly origin?: string;
  readonly lastEventId?: string;
  readonly source?: object | null;
  readonly ports?: Iterable<object>;
}

interface MessageFields {
  readonly data: unknown;
  readonly origin: string;
  readonly lastEventId: string;
  readonly source: object | null;
  readonly ports: readonly object[];
}

export class MessageEvent extends Event {
  #fields: MessageFields;

  constructor(...parameters: [type: string, init?: MessageEventInit | null]) {
    super(...parameters);
    const init = toDictionary(parameters[1], "MessageEvent");
    this.#fields = {
      data: init["data"] === undefined ? null : init["data"],
      lastEventId: init["lastEventId"] === undefined ? "" : toDomString(init["lastEventId"]),
      origin: init["origin"] === undefined ? "" : toUsvString(init["origin"]),
      ports: portsOf(init["ports"]),
      source: sourceOf(init["source"]),
    };
  }

  get data(): unknown {
    return this.#fields.data;
  }
  get origin(): string {
    return this.#fields.origin;
  }
  get lastEventId(): string {
    return this.#fields.lastEventId;
  }
  get source(): object | null {
    return this.#fields.source;
  }
  get ports(): readonly object[] {
    return this.#fields.ports;
  }

  initMessageEvent(
    ...parameters: [
      type: string,
      bubbles?: unknown,
      cancelable?: unknown,
      data?: unknown,
      origin?: string,
      lastEventId?: string,
      source?: object | null,
      ports?: Iterable<object>,
    ]
  ): void {
    requireArguments(parameters.length, 1, "MessageEvent.initMessageEvent");
    if (eventStateOf(this).dispatching) return;
    const [type, bubbles, cancelable, data, origin, lastEventId, source, ports] = parameters;
    this.initEvent(type, bubbles, cancelable);
    this.#fields = {
      data: data === undefined ? null : data,
      origin: origin === undefined ? "" : toUsvString(origin),
      lastEventId: lastEventId === undefined ? "" : toDomString(lastEventId),
      source: sourceOf(source),
      ports: portsOf(ports),
    };
  }
}

const noPorts: readonly object[] = Object.freeze([]);

function portsOf(value: unknown): readonly object[] {
  if (value === undefined) return noPorts;
  const ports = isObject(value) ? sequenceOf(value) : null;
  if (ports === null || !ports.every(isObject)) {
    throw new TypeError("Cannot create a MessageEvent: ports is not a sequence of MessagePorts");
  }
  return Object.freeze(ports);
}

function sourceOf(value: unknown): object | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new TypeError("Cannot create a MessageEvent: source is not a MessagePort");
  return value;
}

finishInterface(MessageEvent, "MessageEvent", { shown: ["type", "data", "origin"] });
