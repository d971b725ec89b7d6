/** `node:async_hooks`: AsyncLocalStorage and AsyncResource over `async-context.ts`. Hooks into the engine do not exist. */
import { bindToFrame, currentFrame, enterFrame, runIn, type Frame } from "./async-context.ts";
import { invalidArgument, refusing, requireFunction } from "./node-error.ts";

type AnyFunction = (this: unknown, ...values: unknown[]) => unknown;

interface StorageOptions<T> {
  readonly defaultValue?: T;
  readonly name?: string;
}

class AsyncLocalStorage<T = unknown> {
  readonly name: string;
  readonly #defaultValue: T | undefined;

  constructor(options: StorageOptions<T> = {}) {
    this.name = options.name ?? "";
    this.#defaultValue = options.defaultValue;
  }

  getStore(): T | undefined {
    const frame = currentFrame();
    return frame?.has(this) === true ? (frame.get(this) as T) : this.#defaultValue;
  }

  run(store: T, action: AnyFunction, ...values: unknown[]): unknown {
    requireFunction("callback", action);
    return runIn(this.#with(store), action, undefined, values);
  }

  exit(action: AnyFunction, ...values: unknown[]): unknown {
    requireFunction("callback", action);
    return runIn(this.#without(), action, undefined, values);
  }

  enterWith(store: T): void {
    enterFrame(this.#with(store));
  }

  /** No store any more for the rest of this call and what it starts. */
  disable(): void {
    enterFrame(this.#without());
  }

  static bind<F extends AnyFunction>(action: F): F {
    requireFunction("fn", action);
    return bindToFrame(action);
  }

  static snapshot(): (action: AnyFunction, ...values: unknown[]) => unknown {
    const frame = currentFrame();
    return (action, ...values) => runIn(frame, action, undefined, values);
  }

  #with(store: T): Frame {
    return new Map([...(currentFrame() ?? []), [this, store]]);
  }

  #without(): Frame {
    const frame = new Map(currentFrame());
    frame.delete(this);
    return frame.size === 0 ? undefined : frame;
  }
}

let lastAsyncId = 0;

class AsyncResource {
  readonly type: string;
  readonly #frame: Frame = currentFrame();
  readonly #asyncId: number;

  constructor(type: string) {
    if (typeof type !== "string") throw invalidArgument("type", "of type string", type);
    this.type = type;
    lastAsyncId += 1;
    this.#asyncId = lastAsyncId;
  }

  runInAsyncScope(action: AnyFunction, thisArg?: unknown, ...values: unknown[]): unknown {
    return runIn(this.#frame, action, thisArg, values);
  }

  bind(action: AnyFunction, thisArg?: unknown): AnyFunction {
    requireFunction("fn", action);
    const run = (self: unknown, values: unknown[]): unknown => this.runInAsyncScope(action, self, ...values);
    return function bound(...values) {
      return run(thisArg ?? this, values);
    };
  }

  static bind(action: AnyFunction, type?: string, thisArg?: unknown): AnyFunction {
    return new AsyncResource(type ?? "bound-anonymous-fn").bind(action, thisArg);
  }

  asyncId(): number {
    return this.#asyncId;
  }

  /** Nobody listens. */
  emitDestroy(): this {
    return this;
  }
}

const advice = "the engine tells nobody about asynchronous operations; AsyncLocalStorage works";
const createHook: () => never = refusing("async_hooks.createHook", advice);
const executionAsyncId: () => never = refusing("async_hooks.executionAsyncId", advice);
const executionAsyncResource: () => never = refusing("async_hooks.executionAsyncResource", advice);
const triggerAsyncId: () => never = refusing("async_hooks.triggerAsyncId", advice);

const exported: Readonly<Record<string, unknown>> = {
  AsyncLocalStorage,
  AsyncResource,
  createHook,
  executionAsyncId,
  executionAsyncResource,
  triggerAsyncId,
};
export { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId };
export default exported;
