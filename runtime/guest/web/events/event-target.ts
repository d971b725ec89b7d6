/**
 * EventTarget (https://dom.spec.whatwg.org/#interface-eventtarget) without a tree.
 *
 * A listener that throws stops neither the others nor the dispatch: its error goes to `reportError`.
 */
import { DOMException } from "../core/dom-exception.ts";
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, toDictionary, toDomString } from "../core/webidl.ts";
import { reportError } from "../console/report-error.ts";
import type { AbortSignal } from "./abort-signal.ts";
import { type Event, eventStateOf, isEvent, trusted } from "./event.ts";

export type EventListener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

export interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: AbortSignal;
}

interface Listener {
  readonly type: string;
  readonly callback: EventListener;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

let listenersIn: (target: EventTarget) => readonly Listener[];
let dispatchTo: (target: EventTarget, event: Event) => boolean;
let globalTarget: () => EventTarget;

export class EventTarget {
  /** Replaced, never changed, so that a dispatch walks the list it began with. */
  #listeners: readonly Listener[] = noListeners;

  /** What a call without a target is about: the global object's own listeners (https://webidl.spec.whatwg.org/#Global). */
  static #ofGlobal: EventTarget | null = null;

  static #self(target: unknown): EventTarget {
    if (isObject(target) && #listeners in target) return target;
    if (target !== undefined && target !== null && target !== globalThis)
      throw new TypeError("Cannot call a method of EventTarget: this is not an EventTarget");
    EventTarget.#ofGlobal ??= new EventTarget();
    return EventTarget.#ofGlobal;
  }

  addEventListener(
    ...parameters: [type: string, callback: EventListener | null, options?: ListenerOptions | boolean]
  ): void {
    requireArguments(parameters.length, 2, "EventTarget.addEventListener");
    const self = EventTarget.#self(this);
    const type = toDomString(parameters[0]);
    const [, callback] = parameters;
    const options = listenerOptions(parameters[2]);
    const { signal } = options;
    if (callback === null || callback === undefined) return;
    if (!isObject(callback))
      throw new TypeError("Cannot add an event listener: it is neither a function nor an object");
    if (signal?.aborted === true) return;
    const capture = Boolean(options.capture);
    if (self.#find(type, callback, capture) !== undefined) return;
    const once = Boolean(options.once);
    const listener: Listener = { type, callback, capture, once, passive: Boolean(options.passive), removed: false };
    self.#listeners = [...self.#listeners, listener];
    signal?.addEventListener("abort", () => self.#remove(listener), { once: true });
  }

  removeEventListener(
    ...parameters: [type: string, callback: EventListener | null, options?: ListenerOptions | boolean]
  ): void {
    requireArguments(parameters.length, 2, "EventTarget.removeEventListener");
    const self = EventTarget.#self(this);
    const options = parameters[2];
    const capture = Boolean(isObject(options) ? options.capture : options);
    const listener = self.#find(toDomString(parameters[0]), parameters[1], capture);
    if (listener !== undefined) self.#remove(listener);
  }

  /** Runs the listeners now. False when one called preventDefault(). */
  dispatchEvent(...parameters: [event: Event]): boolean {
    requireArguments(parameters.length, 1, "EventTarget.dispatchEvent");
    const [event] = parameters;
    if (!isEvent(event)) throw new TypeError("Cannot dispatch: the argument is not an Event");
    const state = eventStateOf(event);
    if (state.dispatching) throw alreadyDispatched();
    const self = EventTarget.#self(this);
    state.trusted = false;
    return self.#dispatch(event);
  }

  #dispatch(event: Event): boolean {
    const state = eventStateOf(event);
    state.dispatching = true;
    state.target = this === EventTarget.#ofGlobal ? globalThis : this;
    state.phase = 2;
    if (!state.propagationStopped) {
      this.#run(event, (listener) => listener.capture);
      if (!state.propagationStopped) this.#run(event, (listener) => !listener.capture);
    }
    state.dispatching = false;
    state.phase = 0;
    state.propagationStopped = false;
    state.immediatelyStopped = false;
    return !state.canceled;
  }

  #run(event: Event, isDue: (listener: Listener) => boolean): void {
    const state = eventStateOf(event);
    for (const listener of this.#listeners) {
      if (listener.removed || listener.type !== state.type || !isDue(listener)) continue;
      if (listener.once) this.#remove(listener);
      state.inPassiveListener = listener.passive;
      callListener(listener.callback, state.target ?? this, event);
      state.inPassiveListener = false;
      if (state.immediatelyStopped) return;
    }
  }

  #find(type: string, callback: unknown, capture: boolean): Listener | undefined {
    return this.#listeners.find((it) => it.type === type && it.callback === callback && it.capture === capture);
  }

  #remove(listener: Listener): void {
    listener.removed = true;
    this.#listeners = this.#listeners.filter((it) => it !== listener);
  }

  static {
    listenersIn = (target) => target.#listeners;
    dispatchTo = (target, event) => target.#dispatch(event);
    globalTarget = () => EventTarget.#self(globalThis);
  }
}

/** Dispatches an event of the runtime's own. False when a listener called preventDefault(). */
export function dispatchTrusted(target: EventTarget, event: Event): boolean {
  return dispatchTo(target, trusted(event));
}

/** The listeners of the global object, as a target of their own. */
export function globalEventTarget(): EventTarget {
  return globalTarget();
}

/** Whether anybody listens to `type`. */
export function hasListener(target: EventTarget, type: string): boolean {
  return listenersIn(target).some((listener) => listener.type === type);
}

/** An attribute such as `onabort`: one replaceable listener that keeps the place of its first assignment. */
export class HandlerAttribute {
  readonly #target: EventTarget;
  readonly #type: string;
  #handler: ((event: Event) => unknown) | null = null;
  #added = false;

  constructor(target: EventTarget, type: string) {
    this.#target = target;
    this.#type = type;
  }

  get(): ((event: Event) => unknown) | null {
    return this.#handler;
  }

  set(value: unknown): void {
    this.#handler = typeof value === "function" ? (value as (event: Event) => unknown) : null;
    if (this.#handler === null || this.#added) return;
    this.#added = true;
    this.#target.addEventListener(this.#type, (event) => {
      if (this.#handler !== null) Reflect.apply(this.#handler, this.#target, [event]);
    });
  }
}

const noListeners: readonly Listener[] = [];

function listenerOptions(options: unknown): ListenerOptions {
  if (!isObject(options)) return { capture: Boolean(options) };
  const { capture, once, passive, signal } = toDictionary(options, "addEventListener") as ListenerOptions;
  if (signal === undefined) return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive) };
  if (!(signal instanceof EventTarget) || !("aborted" in signal)) {
    throw new TypeError("Cannot add an event listener: options.signal is not an AbortSignal");
  }
  return { capture: Boolean(capture), once: Boolean(once), passive: Boolean(passive), signal };
}

function callListener(callback: EventListener, target: object, event: Event): void {
  try {
    if (typeof callback === "function") {
      Reflect.apply(callback, target, [event]);
      return;
    }
    const { handleEvent } = callback;
    if (typeof handleEvent !== "function")
      throw new TypeError("Cannot call an event listener: no handleEvent function");
    Reflect.apply(handleEvent, callback, [event]);
  } catch (error) {
    reportError(error);
  }
}

function alreadyDispatched(): DOMException {
  return new DOMException("Cannot dispatch: the event is being dispatched already", "InvalidStateError");
}

finishInterface(EventTarget, "EventTarget");
