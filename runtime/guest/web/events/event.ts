/**
 * Event, CustomEvent and ErrorEvent (https://dom.spec.whatwg.org/#interface-event).
 *
 * There is no tree here: an event has one target, so its path has one entry. `EventTarget` moves the state; nobody else does.
 */
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, toDictionary, toDomString } from "../core/webidl.ts";
import { hostPortOrNull } from "../../host-port.ts";

/** What a dispatch does to an event; never visible to user code. */
export interface EventState {
  type: string;
  target: object | null;
  phase: 0 | 2;
  bubbles: boolean;
  cancelable: boolean;
  canceled: boolean;
  dispatching: boolean;
  propagationStopped: boolean;
  immediatelyStopped: boolean;
  inPassiveListener: boolean;
  /** Made by the runtime, not by the function. */
  trusted: boolean;
}

let stateIn: (event: Event) => EventState;
let hasBrand: (value: object) => boolean;

export class Event {
  readonly #state: EventState;
  readonly #composed: boolean;
  readonly #timeStamp: number = hostPortOrNull()?.monotonicMs() ?? 0;

  constructor(...parameters: [type: string, init?: EventInit | null]) {
    requireArguments(parameters.length, 1, "the Event constructor");
    const init = toDictionary(parameters[1], "Event");
    this.#state = {
      type: toDomString(parameters[0]),
      target: null,
      phase: 0,
      bubbles: Boolean(init["bubbles"]),
      cancelable: Boolean(init["cancelable"]),
      canceled: false,
      dispatching: false,
      propagationStopped: false,
      immediatelyStopped: false,
      inPassiveListener: false,
      trusted: false,
    };
    this.#composed = Boolean(init["composed"]);
    Object.defineProperty(this, "isTrusted", { get: isTrusted, enumerable: true, configurable: false });
  }

  declare readonly isTrusted: boolean;

  get type(): string {
    return this.#state.type;
  }
  get target(): object | null {
    return this.#state.target;
  }
  get srcElement(): object | null {
    return this.#state.target;
  }
  get currentTarget(): object | null {
    return this.#state.phase === 0 ? null : this.#state.target;
  }
  get eventPhase(): number {
    return this.#state.phase;
  }
  get bubbles(): boolean {
    return this.#state.bubbles;
  }
  get cancelable(): boolean {
    return this.#state.cancelable;
  }
  get composed(): boolean {
    return this.#composed;
  }
  get timeStamp(): number {
    return this.#timeStamp;
  }
  get defaultPrevented(): boolean {
    return this.#state.canceled;
  }
  get returnValue(): boolean {
    return !this.#state.canceled;
  }
  set returnValue(value: boolean) {
    if (!value) this.preventDefault();
  }
  get cancelBubble(): boolean {
    return this.#state.propagationStopped;
  }
  set cancelBubble(value: boolean) {
    if (value) this.#state.propagationStopped = true;
  }

  composedPath(): object[] {
    return this.#state.phase === 0 || this.#state.target === null ? [] : [this.#state.target];
  }

  stopPropagation(): void {
    this.#state.propagationStopped = true;
  }

  stopImmediatePropagation(): void {
    this.#state.propagationStopped = true;
    this.#state.immediatelyStopped = true;
  }

  preventDefault(): void {
    if (this.#state.cancelable && !this.#state.inPassiveListener) this.#state.canceled = true;
  }

  initEvent(...parameters: [type: string, bubbles?: unknown, cancelable?: unknown]): void {
    requireArguments(parameters.length, 1, "Event.initEvent");
    const state = this.#state;
    if (state.dispatching) return;
    state.trusted = false;
    state.type = toDomString(parameters[0]);
    state.bubbles = Boolean(parameters[1]);
    state.cancelable = Boolean(parameters[2]);
    state.canceled = false;
    state.propagationStopped = false;
    state.immediatelyStopped = false;
    state.target = null;
  }

  static {
    stateIn = (event) => event.#state;
    hasBrand = (value) => #state in value;
  }
}

export interface EventInit {
  readonly bubbles?: boolean;
  readonly cancelable?: boolean;
  readonly composed?: boolean;
}

export function isEvent(value: unknown): value is Event {
  return isObject(value) && hasBrand(value);
}

export function eventStateOf(event: Event): EventState {
  return stateIn(event);
}

function isTrusted(this: Event): boolean {
  return stateIn(this).trusted;
}

/** Marks an event as the runtime's own, which only `isTrusted` shows. Returns it. */
export function trusted<E extends Event>(event: E): E {
  stateIn(event).trusted = true;
  return event;
}

export class CustomEvent extends Event {
  #detail: unknown;

  constructor(...parameters: [type: string, init?: (EventInit & { readonly detail?: unknown }) | null]) {
    super(...parameters);
    this.#detail = toDictionary(parameters[1], "CustomEvent")["detail"] ?? null;
  }

  get detail(): unknown {
    return this.#detail;
  }

  initCustomEvent(...parameters: [type: string, bubbles?: unknown, cancelable?: unknown, detail?: unknown]): void {
    requireArguments(parameters.length, 1, "CustomEvent.initCustomEvent");
    if (stateIn(this).dispatching) return;
    this.initEvent(parameters[0], parameters[1], parameters[2]);
    this.#detail = parameters[3] ?? null;
  }
}

export interface ErrorEventInit extends EventInit {
  readonly message?: string;
  readonly filename?: string;
  readonly lineno?: number;
  readonly colno?: number;
  readonly error?: unknown;
}

export class ErrorEvent extends Event {
  readonly #init: Readonly<Record<string, unknown>>;

  constructor(...parameters: [type: string, init?: ErrorEventInit | null]) {
    super(...parameters);
    const init = toDictionary(parameters[1], "ErrorEvent");
    this.#init = {
      message: init["message"] === undefined ? "" : toDomString(init["message"]),
      filename: init["filename"] === undefined ? "" : toDomString(init["filename"]),
      lineno: Number(init["lineno"] ?? 0) >>> 0,
      colno: Number(init["colno"] ?? 0) >>> 0,
      error: init["error"],
    };
  }

  get message(): string {
    return this.#init["message"] as string;
  }
  get filename(): string {
    return this.#init["filename"] as string;
  }
  get lineno(): number {
    return this.#init["lineno"] as number;
  }
  get colno(): number {
    return this.#init["colno"] as number;
  }
  get error(): unknown {
    return this.#init["error"];
  }
}

finishInterface(Event, "Event", {
  constants: { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 },
  shown: ["type", "defaultPrevented", "cancelable", "timeStamp"],
});
finishInterface(CustomEvent, "CustomEvent", { shown: ["type", "detail"] });
finishInterface(ErrorEvent, "ErrorEvent", { shown: ["type", "message", "error"] });
