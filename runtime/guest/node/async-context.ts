/**
 * What AsyncLocalStorage is made of: one current frame (storage → value), and everything through which code goes on later carrying the
 * frame it was left with.
 *
 * V8 tells nobody when a native `await` goes on, so this works only in a bundle whose async functions were lowered to promises: the bundler does
 * that, and loads this file first, when (and only when) a bundle uses `node:async_hooks`. Invariant: whoever changes the frame for a call puts
 * the one before back, so that what the host enters later finds none.
 */
import { hooks } from "../../../sdk/phase.ts";

export type Frame = ReadonlyMap<object, unknown> | undefined;
type AnyFunction = (this: unknown, ...values: unknown[]) => unknown;

const { apply, get } = Reflect;
const { create, defineProperty } = Object;
const nativeThen = Promise.prototype.then;
const nativeResolve = Promise.resolve;
const resolved = Promise.resolve();

let current: Frame;

export function currentFrame(): Frame {
  return current;
}

/** For the rest of the synchronous call, and everything it starts. */
export function enterFrame(frame: Frame): void {
  current = frame;
}

export function runIn(frame: Frame, action: AnyFunction, thisArg: unknown, values: readonly unknown[]): unknown {
  const before = current;
  current = frame;
  try {
    return apply(action, thisArg, values);
  } finally {
    current = before;
  }
}

/** `action`, always in the frame of now; anything but a function as it is. */
export function bindToFrame<T>(action: T): T {
  if (typeof action !== "function") return action;
  const frame = current;
  const bound = function (this: unknown, ...values: unknown[]): unknown {
    return runIn(frame, action as unknown as AnyFunction, this, values);
  };
  return bound as unknown as T;
}

/** The author's module with hooks that start without a frame and leave none behind, whatever `enterWith` did inside. */
export function freshHooks(module: unknown): unknown {
  if (module === null || (typeof module !== "object" && typeof module !== "function")) return module;
  const target: object = module;
  // Whatever else the module has is found behind it.
  const fresh = create(target) as object;
  for (const hook of hooks) {
    const read = (): unknown => {
      const own: unknown = get(target, hook);
      if (typeof own !== "function") return own;
      return (...values: unknown[]) => runIn(undefined, own as AnyFunction, target, values);
    };
    defineProperty(fresh, hook, { get: read, enumerable: true });
  }
  return fresh;
}

/** The author's exports, those that are functions starting without a frame. Read when they are asked for: a handler may be assigned later. */
export function freshExports(module: object): object {
  return new Proxy(module, {
    get(target, name) {
      const own: unknown = get(target, name);
      if (typeof own !== "function" || (own.prototype !== undefined && /^class\b/.test(String(own)))) return own;
      const fresh = (...values: unknown[]): unknown => runIn(undefined, own as AnyFunction, target, values);
      return defineProperty(fresh, "length", { value: own.length, configurable: true });
    },
  });
}

/** One argument and no `this`: the reactions of promises, which are most of what is ever bound. */
function bindReaction(reaction: unknown): unknown {
  if (typeof reaction !== "function") return reaction;
  const frame = current;
  return (value: unknown): unknown => {
    const before = current;
    current = frame;
    try {
      return (reaction as (value: unknown) => unknown)(value);
    } finally {
      current = before;
    }
  };
}

function replace(owner: object, name: string, value: AnyFunction): void {
  const { length } = get(owner, name) as AnyFunction;
  defineProperty(value, "name", { value: name, configurable: true });
  defineProperty(value, "length", { value: length, configurable: true });
  const present = Object.getOwnPropertyDescriptor(owner, name);
  defineProperty(owner, name, { ...present, value });
}

/** `catch`, `finally`, and the combinators all call `then`. */
function patchPromise(): void {
  replace(Promise.prototype, "then", function (this: unknown, onFulfilled, onRejected) {
    return apply(nativeThen, this as Promise<unknown>, [
      bindReaction(onFulfilled) as never,
      bindReaction(onRejected) as never,
    ]);
  });
  // The engine calls the `then` of other thenables from a turn of its own, where no frame is.
  replace(Promise, "resolve", function (this: unknown, value) {
    const then = this === Promise ? foreignThen(value) : null;
    if (then === null) return apply(nativeResolve, this as PromiseConstructor, [value]);
    return new Promise((resolve, reject) => {
      const call = bindToFrame(() => apply(then, value, [resolve, reject]));
      void apply(nativeThen, resolved, [call]).then(undefined, reject);
    });
  });
}

function foreignThen(value: unknown): AnyFunction | null {
  if (value === null || (typeof value !== "object" && typeof value !== "function") || value instanceof Promise)
    return null;
  const then: unknown = get(value, "then");
  return typeof then === "function" ? (then as AnyFunction) : null;
}

function patchTimers(): void {
  for (const name of ["setTimeout", "setInterval", "queueMicrotask"]) {
    const native = get(globalThis, name) as AnyFunction;
    replace(globalThis, name, (task, ...values) => apply(native, undefined, [bindToFrame(task), ...values]));
  }
}

/**
 * Listeners run in the frame of whoever dispatches, as in Node; when that is the host, in the frame they were added in. Each pair of target and
 * listener has one wrapper, so that adding twice and removing mean what they mean without this.
 */
function patchEvents(): void {
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const wrappers = new WeakMap<object, WeakMap<object, { frame: Frame; readonly listener: AnyFunction }>>();
  const wrapperOf = (target: object, listener: object): AnyFunction => {
    let own = wrappers.get(target);
    if (own === undefined) wrappers.set(target, (own = new WeakMap()));
    const known = own.get(listener);
    if (known !== undefined) {
      known.frame = current;
      return known.listener;
    }
    const wrapper = {
      frame: current,
      listener(this: unknown, event: unknown): unknown {
        const [call, self] =
          typeof listener === "function" ? [listener, this] : [get(listener, "handleEvent") as object, listener];
        return runIn(current ?? wrapper.frame, call as unknown as AnyFunction, self, [event]);
      },
    };
    own.set(listener, wrapper);
    return wrapper.listener;
  };
  replace(EventTarget.prototype, "addEventListener", function (this: unknown, type, listener, ...rest) {
    const wrapped = isObject(this) && isObject(listener) ? wrapperOf(this, listener) : listener;
    return apply(add as unknown as AnyFunction, this, [type, wrapped, ...rest]);
  });
  replace(EventTarget.prototype, "removeEventListener", function (this: unknown, type, listener, ...rest) {
    const known = isObject(this) && isObject(listener) ? wrappers.get(this)?.get(listener)?.listener : undefined;
    return apply(remove as unknown as AnyFunction, this, [type, known ?? listener, ...rest]);
  });
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** The callbacks of a stream run in the frame in which it was made: readers and writers come from anywhere. */
function patchStreams(): void {
  for (const name of ["ReadableStream", "WritableStream", "TransformStream"]) {
    const native = get(globalThis, name) as new (...values: unknown[]) => object;
    const patched = new Proxy(native, {
      construct: (target, [callbacks, ...rest], newTarget) =>
        Reflect.construct(
          target,
          [isObject(callbacks) ? boundMethods(callbacks) : callbacks, ...rest],
          newTarget,
        ) as object,
    });
    defineProperty(globalThis, name, { value: patched, writable: true, configurable: true, enumerable: false });
    defineProperty(native.prototype, "constructor", { value: patched, writable: true, configurable: true });
  }
  const native = ReadableStream.from as unknown as AnyFunction;
  replace(ReadableStream, "from", function (iterable) {
    return apply(native, this, [boundIterable(iterable)]);
  });
}

const streamCallbacks: ReadonlySet<string> = new Set("start pull cancel write close abort transform flush".split(" "));

function boundMethods(callbacks: object): object {
  const bound = create(callbacks) as object;
  for (const name of streamCallbacks) {
    const method: unknown = get(callbacks, name);
    if (typeof method !== "function") continue;
    const inFrame = bindToFrame((values: unknown[]) => apply(method, callbacks, values));
    defineProperty(bound, name, { value: (...values: unknown[]) => inFrame(values), enumerable: true });
  }
  return bound;
}

function boundIterable(iterable: unknown): unknown {
  if (iterable === null || iterable === undefined) return iterable;
  for (const symbol of [Symbol.asyncIterator, Symbol.iterator]) {
    const open: unknown = get(Object(iterable) as object, symbol);
    if (typeof open !== "function") continue;
    return { [symbol]: bindToFrame(() => boundMethodsOf(apply(open, iterable, []) as object)) };
  }
  return iterable;
}

/** An iterator whose steps run in the frame of now. */
function boundMethodsOf(iterator: object): object {
  const bound: Record<string, unknown> = {};
  for (const name of ["next", "return", "throw"]) {
    const method: unknown = get(iterator, name);
    if (typeof method === "function")
      bound[name] = bindToFrame((value: unknown) => apply(method, iterator, [value]) as unknown);
  }
  return bound;
}

patchPromise();
patchTimers();
patchEvents();
patchStreams();
