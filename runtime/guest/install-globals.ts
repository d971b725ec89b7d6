/**
 * Puts the web APIs onto the global object, with the property attributes the standards give them.
 *
 * Runs once, while the base snapshot is made: it may use nothing of the host.
 */
import { Blob, File } from "./web/body/blob.ts";
import { structuredClone } from "./web/clone/structured-clone.ts";
import { createConsole } from "./web/console/console.ts";
import { reportError } from "./web/console/report-error.ts";
import { DOMException, QuotaExceededError } from "./web/core/dom-exception.ts";
import { createNavigator, Navigator } from "./web/core/navigator.ts";
import { requireArguments } from "./web/core/webidl.ts";
import { createCrypto, Crypto } from "./web/crypto/crypto.ts";
import { atob, btoa } from "./web/encoding/base64.ts";
import { TextDecoder } from "./web/encoding/text-decoder.ts";
import { TextEncoder } from "./web/encoding/text-encoder.ts";
import { AbortController, AbortSignal } from "./web/events/abort-signal.ts";
import { CustomEvent, ErrorEvent, Event } from "./web/events/event.ts";
import { EventTarget } from "./web/events/event-target.ts";
import { createGlobalHandlers, globalEventMethods } from "./web/events/global-events.ts";
import { MessageEvent } from "./web/events/message-event.ts";
import { PromiseRejectionEvent } from "./web/events/promise-rejection-event.ts";
import { fetch } from "./web/fetch/fetch.ts";
import { Request } from "./web/fetch/request.ts";
import { Response } from "./web/fetch/response.ts";
import { Headers } from "./web/headers/headers.ts";
import { createPerformance, Performance } from "./web/timing/performance.ts";
import { createScheduler, Scheduler } from "./web/timing/scheduler.ts";
import { createTimers, queueMicrotask } from "./web/timing/timers.ts";
import { URL } from "./web/url/url.ts";
import { URLSearchParams } from "./web/url/url-search-params.ts";

/** Defines every web global on `target`; `self` is `target` itself. Not twice on one object. */
export function installGlobals(target: typeof globalThis): void {
  for (const [name, value] of Object.entries(interfaces)) define(target, name, value, { enumerable: false });
  const functions = {
    ...createTimers(),
    ...globalEventMethods,
    fetch,
    atob,
    btoa,
    structuredClone,
    queueMicrotask,
    reportError: report,
  };
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(value, "name", { value: name, configurable: true });
    define(target, name, value, { enumerable: true });
  }
  for (const [name, handler] of Object.entries(createGlobalHandlers())) {
    const [get, set] = [() => handler.get(), (value: unknown) => handler.set(value)];
    Object.defineProperty(target, name, { get, set, configurable: true, enumerable: true });
  }
  define(target, "console", createConsole(), { enumerable: false });
  defineGetter(target, "navigator", createNavigator());
  defineGetter(target, "crypto", createCrypto());
  define(target, "scheduler", createScheduler(), { enumerable: true });
  define(target, "performance", createPerformance(), { enumerable: true });
  define(target, "self", target, { enumerable: true });
  Object.defineProperty(target, Symbol.toStringTag, { value: "global", configurable: true });
  removeSharedMemory(target);
}

const interfaces: Readonly<Record<string, unknown>> = {
  AbortController,
  AbortSignal,
  Blob,
  Crypto,
  CustomEvent,
  DOMException,
  ErrorEvent,
  Event,
  EventTarget,
  File,
  Headers,
  MessageEvent,
  Navigator,
  Performance,
  PromiseRejectionEvent,
  QuotaExceededError,
  Request,
  Response,
  Scheduler,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};

function report(...parameters: [error: unknown]): void {
  requireArguments(parameters.length, 1, "reportError");
  reportError(parameters[0]);
}

function define(target: object, name: string, value: unknown, { enumerable }: { readonly enumerable: boolean }): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable });
}

/** Replaceable by assignment, as other runtimes have it for objects that libraries shim. */
function defineGetter(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    get: () => value,
    set: (replacement: unknown) => {
      define(target, name, replacement, { enumerable: true });
    },
    configurable: true,
    enumerable: true,
  });
}

/** Shared memory is a precise clock and Atomics.wait blocks a thread of the host's pool. A restored snapshot has them again. */
export function removeSharedMemory(target: object): void {
  Reflect.deleteProperty(target, "SharedArrayBuffer");
  const atomics: unknown = Reflect.get(target, "Atomics");
  if (typeof atomics !== "object" || atomics === null) return;
  for (const name of ["wait", "waitAsync"]) Reflect.deleteProperty(atomics, name);
}
