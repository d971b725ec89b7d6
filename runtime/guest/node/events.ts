/**
 * `node:events`: the npm package `events` (Node's own code) with what came to Node later: errorMonitor, `on`, signals, listeners of several
 * emitters. Rejections of async listeners are nobody's: there is no `captureRejections`.
 */
import { EventEmitter } from "events/events.js";
import { createEventIterator, type IteratorOptions } from "./event-iterator.ts";
import { invalidArgument, nodeError } from "./node-error.ts";

const errorMonitor: unique symbol = Symbol("events.errorMonitor");
const { emit } = EventEmitter.prototype;
const { once: onceOf } = EventEmitter;

EventEmitter.prototype.emit = function emitMonitored(type, ...values) {
  if (type === "error" && this.listenerCount(errorMonitor) > 0) Reflect.apply(emit, this, [errorMonitor, ...values]);
  return Reflect.apply(emit, this, [type, ...values]);
};

function once(
  emitter: EventEmitter | EventTarget,
  name: string | symbol,
  options: { readonly signal?: AbortSignal } = {},
): Promise<unknown[]> {
  const { signal } = options;
  if (signal === undefined) return onceOf(emitter, name);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const stop = (): void => {
      if (emitter instanceof EventTarget) emitter.removeEventListener(String(name), onValue);
      else emitter.off(name, onValue).off("error", onError);
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(abortError(signal));
    };
    const onError = (error: unknown): void => {
      stop();
      reject(error);
    };
    const onValue = (...values: unknown[]): void => {
      stop();
      resolve(values);
    };
    signal.addEventListener("abort", onAbort);
    if (emitter instanceof EventTarget) emitter.addEventListener(String(name), onValue);
    else {
      emitter.on(name, onValue);
      if (name !== "error") emitter.on("error", onError);
    }
  });
}

function abortError(signal: AbortSignal): Error {
  const error = nodeError(Error, "ABORT_ERR", "The operation was aborted");
  error.name = "AbortError";
  error.cause = signal.reason;
  return error;
}

/** Every event from now on, as arrays of what it was emitted with. */
function on(
  emitter: EventEmitter,
  name: string | symbol,
  options: IteratorOptions = {},
): AsyncIterableIterator<unknown[]> {
  return createEventIterator(emitter, name, { ...options, abortError });
}

function getEventListeners(emitter: EventEmitter, name: string | symbol): unknown[] {
  if (!isEmitter(emitter)) throw invalidArgument("emitter", "an instance of EventEmitter", emitter);
  return emitter.listeners(name);
}

function getMaxListeners(emitter: EventEmitter): number {
  if (!isEmitter(emitter)) throw invalidArgument("emitter", "an instance of EventEmitter", emitter);
  return emitter.getMaxListeners();
}

function isEmitter(value: unknown): value is EventEmitter {
  return typeof (value as EventEmitter | null | undefined)?.listenerCount === "function";
}

/** Without emitters: the default of all. */
function setMaxListeners(count: number, ...emitters: readonly EventEmitter[]): void {
  if (emitters.length === 0) EventEmitter.defaultMaxListeners = count;
  for (const emitter of emitters) emitter.setMaxListeners(count);
}

function listenerCount(emitter: EventEmitter, name: string | symbol): number {
  return emitter.listenerCount(name);
}

function addAbortListener(signal: AbortSignal, listener: (event: Event) => void): Disposable {
  if (signal.aborted) queueMicrotask(() => listener(new Event("abort")));
  else signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}

interface Disposable {
  [Symbol.dispose](): void;
}

const { defaultMaxListeners } = EventEmitter;

Object.assign(EventEmitter, {
  EventEmitter,
  addAbortListener,
  errorMonitor,
  getEventListeners,
  getMaxListeners,
  listenerCount,
  on,
  once,
  setMaxListeners,
});

export {
  EventEmitter,
  addAbortListener,
  defaultMaxListeners,
  errorMonitor,
  getEventListeners,
  getMaxListeners,
  listenerCount,
  on,
  once,
  setMaxListeners,
};
export default EventEmitter;
