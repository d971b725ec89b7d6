/**
 * The global object as an event target: `addEventListener` and the attributes onerror, onunhandledrejection, onrejectionhandled
 * (https://html.spec.whatwg.org/#handler-workerglobalscope-onerror), and what reaches their listeners.
 *
 * An unhandled rejection comes from the host, which the engine tells of it: its reason is a copy, and `promise` is one that was rejected
 * with that copy. `rejectionhandled` is never dispatched, because the engine does not tell of it.
 */
import { hostPortOrNull } from "../../host-port.ts";
import { inspect } from "../console/format.ts";
import { onReportedError } from "../console/report-error.ts";
import { ErrorEvent, type Event } from "./event.ts";
import { dispatchTrusted, EventTarget, globalEventTarget, HandlerAttribute, hasListener } from "./event-target.ts";
import { PromiseRejectionEvent } from "./promise-rejection-event.ts";

/** The three methods of EventTarget; called without a target they are about the global object. */
export const globalEventMethods: Readonly<Record<string, unknown>> = {
  addEventListener: EventTarget.prototype.addEventListener,
  removeEventListener: EventTarget.prototype.removeEventListener,
  dispatchEvent: EventTarget.prototype.dispatchEvent,
};

/** An attribute of the global object. */
export interface GlobalHandler {
  get(): unknown;
  set(value: unknown): void;
}

/** The attributes by name. Once for each global object. */
export function createGlobalHandlers(): Readonly<Record<string, GlobalHandler>> {
  const target = globalEventTarget();
  onReportedError((error) => hasListener(target, "error") && !dispatchTrusted(target, errorEvent(error)));
  return {
    onerror: new ErrorHandlerAttribute(target),
    onunhandledrejection: new HandlerAttribute(target, "unhandledrejection"),
    onrejectionhandled: new HandlerAttribute(target, "rejectionhandled"),
  };
}

/** Tells listeners of a rejection that nobody handled, and logs it unless one called preventDefault(). */
export function reportUnhandledRejection(reason: unknown): void {
  const target = globalEventTarget();
  if (hasListener(target, "unhandledrejection")) {
    const promise = Promise.reject(reason);
    promise.catch(() => undefined);
    const event = new PromiseRejectionEvent("unhandledrejection", { promise, reason, cancelable: true });
    if (!dispatchTrusted(target, event)) return;
  }
  hostPortOrNull()?.log("error", `Unhandled rejection: ${inspect(reason)}`);
}

/** `onerror` gets five arguments and prevents by returning true (https://html.spec.whatwg.org/#the-event-handler-processing-algorithm). */
class ErrorHandlerAttribute implements GlobalHandler {
  readonly #attribute: HandlerAttribute;
  #value: unknown = null;

  constructor(target: EventTarget) {
    this.#attribute = new HandlerAttribute(target, "error");
  }

  get(): unknown {
    return this.#value;
  }

  set(value: unknown): void {
    this.#value = typeof value === "function" ? value : null;
    this.#attribute.set(this.#value === null ? null : (event: Event) => this.#call(event));
  }

  #call(event: Event): void {
    if (typeof this.#value !== "function") return;
    const values =
      event instanceof ErrorEvent ? [event.message, event.filename, event.lineno, event.colno, event.error] : [event];
    if (Reflect.apply(this.#value, globalThis, values) === true) event.preventDefault();
  }
}

function errorEvent(error: unknown): ErrorEvent {
  return new ErrorEvent("error", { message: messageOf(error), error, cancelable: true, ...placeOf(error) });
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? `Uncaught ${String(error)}` : `Uncaught ${inspect(error)}`;
  } catch {
    return "Uncaught exception";
  }
}

/** Where it was thrown, from the first frame of its stack. */
function placeOf(error: unknown): { readonly filename: string; readonly lineno: number; readonly colno: number } {
  const nowhere = { filename: "", lineno: 0, colno: 0 };
  try {
    const stack: unknown = error instanceof Error ? error.stack : "";
    const [, filename, line, column] = /\n\s+at (?:.*\()?(.+?):(\d+):(\d+)\)?/.exec(String(stack)) ?? [];
    return filename === undefined ? nowhere : { filename, lineno: Number(line), colno: Number(column) };
  } catch {
    return nowhere;
  }
}
