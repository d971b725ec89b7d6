/**
 * The other modules of Node.js that functions have, and members of `process` and timers that exist without an import. See node-buffer.d.ts
 * for projects with @types/node.
 */

interface Process {
  readonly argv: readonly string[];
  readonly platform: "linux";
  /** Empty: functions do not run on Node.js. */
  readonly version: "";
  readonly versions: Readonly<Record<string, string | undefined>>;
  cwd(): "/";
  emitWarning(warning: string | Error, type?: string | { type?: string }): void;
  readonly hrtime: { (before?: [number, number]): [number, number]; bigint(): bigint };
  nextTick<A extends unknown[]>(task: (...values: A) => void, ...values: A): void;
  uptime(): number;
}

declare var global: typeof globalThis;
declare function setImmediate<A extends unknown[]>(task: (...values: A) => void, ...values: A): number;
declare function clearImmediate(id?: number): void;

declare module "node:process" {
  export const argv: readonly string[];
  export const env: Process["env"];
  export const execArgv: readonly string[];
  export const hrtime: Process["hrtime"];
  export const platform: Process["platform"];
  export const title: string;
  export const version: Process["version"];
  export const versions: Process["versions"];
  export function cwd(): "/";
  export function emitWarning(warning: string | Error, type?: string | { type?: string }): void;
  export function nextTick<A extends unknown[]>(task: (...values: A) => void, ...values: A): void;
  export function uptime(): number;
  const exported: typeof import("node:process");
  export default exported;
}

declare module "node:async_hooks" {
  type Action<A extends unknown[], R> = (...values: A) => R;
  class AsyncLocalStorage<T> {
    constructor(options?: { defaultValue?: T; name?: string });
    readonly name: string;
    getStore(): T | undefined;
    run<A extends unknown[], R>(store: T, action: Action<A, R>, ...values: A): R;
    exit<A extends unknown[], R>(action: Action<A, R>, ...values: A): R;
    enterWith(store: T): void;
    disable(): void;
    static bind<F extends (...values: any[]) => any>(action: F): F;
    static snapshot(): <A extends unknown[], R>(action: Action<A, R>, ...values: A) => R;
  }
  class AsyncResource {
    constructor(type: string);
    readonly type: string;
    asyncId(): number;
    bind<F extends (...values: any[]) => any>(action: F, thisArg?: unknown): F;
    emitDestroy(): this;
    runInAsyncScope<A extends unknown[], R>(action: Action<A, R>, thisArg?: unknown, ...values: A): R;
    static bind<F extends (...values: any[]) => any>(action: F, type?: string, thisArg?: unknown): F;
  }
  export { AsyncLocalStorage, AsyncResource };
  const exported: typeof import("node:async_hooks");
  export default exported;
}

declare module "node:events" {
  type Name = string | symbol;
  type Listener = (...values: any[]) => void;
  class EventEmitter {
    constructor();
    addListener(name: Name, listener: Listener): this;
    emit(name: Name, ...values: any[]): boolean;
    eventNames(): Name[];
    getMaxListeners(): number;
    listenerCount(name: Name): number;
    listeners(name: Name): Listener[];
    off(name: Name, listener: Listener): this;
    on(name: Name, listener: Listener): this;
    once(name: Name, listener: Listener): this;
    prependListener(name: Name, listener: Listener): this;
    prependOnceListener(name: Name, listener: Listener): this;
    rawListeners(name: Name): Listener[];
    removeAllListeners(name?: Name): this;
    removeListener(name: Name, listener: Listener): this;
    setMaxListeners(count: number): this;
    static defaultMaxListeners: number;
    static readonly errorMonitor: unique symbol;
    static readonly EventEmitter: typeof EventEmitter;
    static getEventListeners: typeof getEventListeners;
    static listenerCount: typeof listenerCount;
    static on: typeof on;
    static once: typeof once;
    static setMaxListeners: typeof setMaxListeners;
  }
  const defaultMaxListeners: number;
  const errorMonitor: typeof EventEmitter.errorMonitor;
  function addAbortListener(signal: AbortSignal, listener: (event: Event) => void): object;
  function getEventListeners(emitter: EventEmitter, name: Name): Listener[];
  function getMaxListeners(emitter: EventEmitter): number;
  function listenerCount(emitter: EventEmitter, name: Name): number;
  function on(
    emitter: EventEmitter,
    name: Name,
    options?: { signal?: AbortSignal; close?: string[] },
  ): AsyncIterableIterator<any[]>;
  function once(emitter: EventEmitter | EventTarget, name: Name, options?: { signal?: AbortSignal }): Promise<any[]>;
  function setMaxListeners(count: number, ...emitters: EventEmitter[]): void;
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
}

declare module "node:assert" {
  type Message = string | Error;
  type Expected = RegExp | object | ((error: any) => unknown);
  type Promised = PromiseLike<unknown> | (() => PromiseLike<unknown>);
  class AssertionError extends Error {
    constructor(options: { message?: string; actual?: unknown; expected?: unknown; operator?: string });
    readonly actual: unknown;
    readonly code: "ERR_ASSERTION";
    readonly expected: unknown;
    readonly generatedMessage: boolean;
    readonly operator: string | undefined;
  }
  function deepEqual(actual: unknown, expected: unknown, message?: Message): void;
  function deepStrictEqual<T>(actual: unknown, expected: T, message?: Message): asserts actual is T;
  function doesNotMatch(text: string, pattern: RegExp, message?: Message): void;
  function doesNotReject(promise: Promised, message?: Message): Promise<void>;
  function doesNotThrow(run: () => unknown, message?: Message): void;
  function equal(actual: unknown, expected: unknown, message?: Message): void;
  function fail(message?: Message): never;
  function ifError(value: unknown): asserts value is null | undefined;
  function match(text: string, pattern: RegExp, message?: Message): void;
  function notDeepEqual(actual: unknown, expected: unknown, message?: Message): void;
  function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void;
  function notEqual(actual: unknown, expected: unknown, message?: Message): void;
  function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void;
  function ok(value: unknown, message?: Message): asserts value;
  function rejects(promise: Promised, expected?: Expected | string, message?: Message): Promise<void>;
  function strictEqual<T>(actual: unknown, expected: T, message?: Message): asserts actual is T;
  function throws(run: () => unknown, expected?: Expected | string, message?: Message): void;
  const strict: Assert;
  type Assert = typeof import("node:assert") & ((value: unknown, message?: Message) => asserts value);
  export {
    AssertionError,
    deepEqual,
    deepStrictEqual,
    doesNotMatch,
    doesNotReject,
    doesNotThrow,
    equal,
    fail,
    ifError,
    match,
    notDeepEqual,
    notDeepStrictEqual,
    notEqual,
    notStrictEqual,
    ok,
    rejects,
    strict,
    strictEqual,
    throws,
  };
  function assert(value: unknown, message?: Message): asserts value;
  namespace assert {
    export {
      AssertionError,
      deepEqual,
      deepStrictEqual,
      doesNotMatch,
      doesNotReject,
      doesNotThrow,
      equal,
      fail,
      ifError,
      match,
      notDeepEqual,
      notDeepStrictEqual,
      notEqual,
      notStrictEqual,
      ok,
      rejects,
      strict,
      strictEqual,
      throws,
    };
  }
  export default assert;
}

declare module "node:assert/strict" {
  export * from "node:assert";
  export { default } from "node:assert";
}

declare module "node:diagnostics_channel" {
  type Name = string | symbol;
  type Subscriber = (message: unknown, name: Name) => void;
  class Channel {
    constructor(name: Name);
    readonly name: Name;
    readonly hasSubscribers: boolean;
    bindStore(store: object, transform?: (message: any) => unknown): void;
    publish(message: unknown): void;
    runStores<R>(message: unknown, action: (...values: any[]) => R, thisArg?: unknown, ...values: unknown[]): R;
    subscribe(subscriber: Subscriber): void;
    unbindStore(store: object): boolean;
    unsubscribe(subscriber: Subscriber): boolean;
  }
  function channel(name: Name): Channel;
  function hasSubscribers(name: Name): boolean;
  function subscribe(name: Name, subscriber: Subscriber): void;
  function unsubscribe(name: Name, subscriber: Subscriber): boolean;
  export { Channel, channel, hasSubscribers, subscribe, unsubscribe };
  const exported: typeof import("node:diagnostics_channel");
  export default exported;
}

declare module "node:perf_hooks" {
  const thePerformance: typeof Performance;
  type thePerformance = Performance;
  const performance: Performance;
  export { thePerformance as Performance, performance };
  const exported: typeof import("node:perf_hooks");
  export default exported;
}

declare module "node:string_decoder" {
  export class StringDecoder {
    constructor(encoding?: BufferEncoding);
    readonly encoding: string;
    end(bytes?: Uint8Array): string;
    write(bytes: Uint8Array): string;
  }
  const exported: typeof import("node:string_decoder");
  export default exported;
}

declare module "node:timers" {
  const timeout: typeof globalThis.setTimeout;
  const interval: typeof globalThis.setInterval;
  const clear: typeof globalThis.clearTimeout;
  const immediate: typeof globalThis.setImmediate;
  const clearNow: typeof globalThis.clearImmediate;
  export {
    clear as clearInterval,
    clear as clearTimeout,
    clearNow as clearImmediate,
    immediate as setImmediate,
    interval as setInterval,
    timeout as setTimeout,
  };
  const exported: typeof import("node:timers");
  export default exported;
}

declare module "node:timers/promises" {
  interface Options {
    signal?: AbortSignal;
    ref?: boolean;
  }
  export const scheduler: { wait(delayMs: number, options?: Options): Promise<void>; yield(): Promise<void> };
  export function setImmediate<T = void>(value?: T, options?: Options): Promise<T>;
  export function setInterval<T = void>(delayMs?: number, value?: T, options?: Options): AsyncGenerator<T, void>;
  export function setTimeout<T = void>(delayMs?: number, value?: T, options?: Options): Promise<T>;
  const exported: typeof import("node:timers/promises");
  export default exported;
}
