/** `node:util`: what needs no process, no engine and no terminal. */
import { isDeepEqual } from "./deep-equal.ts";
import { format, formatWithOptions, inspect } from "./inspect.ts";
import { invalidArgument, nodeError, requireFunction } from "./node-error.ts";
import { env } from "./process.ts";
import * as allTypes from "./util-types.ts";

type AnyFunction = (this: unknown, ...values: unknown[]) => unknown;
type NodeCallback = (error: unknown, ...values: unknown[]) => void;

const theTextDecoder = TextDecoder;
const theTextEncoder = TextEncoder;
const types: Readonly<Record<string, unknown>> = allTypes.default;

const promisifyCustom: symbol = Symbol.for("nodejs.util.promisify.custom");

function promisifyFunction(original: AnyFunction): AnyFunction {
  requireFunction("original", original);
  const own: unknown = Reflect.get(original, promisifyCustom);
  if (own !== undefined) {
    requireFunction("util.promisify.custom", own);
    return own as AnyFunction;
  }
  const promisified: AnyFunction = function promisified(...values) {
    return new Promise((resolve, reject) => {
      const callback: NodeCallback = (error, value) => {
        if (error === null || error === undefined) resolve(value);
        else reject(error);
      };
      Reflect.apply(original, this, [...values, callback]);
    });
  };
  Object.setPrototypeOf(promisified, Object.getPrototypeOf(original) as object);
  return Object.defineProperties(promisified, Object.getOwnPropertyDescriptors(original));
}

const promisify: typeof promisifyFunction & { readonly custom: symbol } = Object.assign(promisifyFunction, {
  custom: promisifyCustom,
});

/** The opposite: an async function that takes a callback. What the callback throws is reported, not a rejection. */
function callbackify(original: (...values: unknown[]) => Promise<unknown>): AnyFunction {
  requireFunction("original", original);
  return function callbackified(...values) {
    const callback = values.pop() as NodeCallback;
    requireFunction("last argument", callback);
    Reflect.apply(original, this, values).then(
      (value) => queueMicrotask(() => callback(null, value)),
      (error: unknown) => queueMicrotask(() => callback(reasonOf(error))),
    );
  };
}

function reasonOf(error: unknown): unknown {
  if (error) return error;
  const wrapped = nodeError(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value");
  return Object.assign(wrapped, { reason: error });
}

function inherits(constructor: AnyFunction, parent: AnyFunction): void {
  requireFunction("ctor", constructor);
  requireFunction("superCtor", parent);
  const prototype: unknown = parent.prototype;
  if (typeof prototype !== "object" || prototype === null)
    throw invalidArgument("superCtor.prototype", "of type object", prototype);
  Object.defineProperty(constructor, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, prototype);
}

const deprecationsShown = new Set<string>();

/** The same function, with one warning in the log when it is first called; one for all functions with the same `code`. */
function deprecate(original: AnyFunction, message: string, code?: string): AnyFunction {
  let isShown = false;
  return function deprecated(...values) {
    if (!isShown && (code === undefined || !deprecationsShown.has(code))) {
      if (code !== undefined) deprecationsShown.add(code);
      console.warn(`DeprecationWarning: ${message}`);
    }
    isShown = true;
    return new.target === undefined
      ? Reflect.apply(original, this, values)
      : (Reflect.construct(original, values, new.target) as unknown);
  };
}

interface DebugLog {
  (...values: unknown[]): void;
  readonly enabled: boolean;
}

/** Logs when the variable NODE_DEBUG names `section`. */
function debuglog(section: string): DebugLog {
  const isEnabled = (): boolean =>
    (env["NODE_DEBUG"] ?? "").split(",").some((name) => name.trim().toUpperCase() === section.toUpperCase());
  const log = (...values: unknown[]): void => {
    if (isEnabled()) console.debug(`${section.toUpperCase()}: ${format(...values)}`);
  };
  Object.defineProperty(log, "enabled", { get: isEnabled });
  return log as DebugLog;
}

const debug: typeof debuglog = debuglog;

function isDeepStrictEqual(left: unknown, right: unknown): boolean {
  return isDeepEqual(left, right, "strict");
}

function toUSVString(value: unknown): string {
  return String(value).toWellFormed();
}

// oxlint-disable-next-line no-control-regex -- control sequences are what is looked for (ECMA-48 §5.4)
const controlSequence = /[\u001b\u009b](?:\[[\d;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])?/g;

/** Without ANSI escape sequences. */
function stripVTControlCharacters(text: string): string {
  return text.replaceAll(controlSequence, "");
}

/** Resolves when `signal` is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function _extend(target: object, source: unknown): object {
  return typeof source === "object" && source !== null ? Object.assign(target, source) : target;
}

const { isArray } = Array;

export {
  theTextDecoder as TextDecoder,
  theTextEncoder as TextEncoder,
  _extend,
  aborted,
  callbackify,
  debug,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  inherits,
  inspect,
  isArray,
  isDeepStrictEqual,
  promisify,
  stripVTControlCharacters,
  toUSVString,
  types,
};
const exported: Readonly<Record<string, unknown>> = {
  TextDecoder,
  TextEncoder,
  _extend,
  aborted,
  callbackify,
  debug,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  inherits,
  inspect,
  isArray,
  isDeepStrictEqual,
  promisify,
  stripVTControlCharacters,
  toUSVString,
  types,
};
export default exported;
