/**
 * Built-ins that the part `wasm` relies on, taken before any of the author's code runs: the part is loaded later, and what keeps memory
 * within bounds there must not be the author's. It takes nothing from the global object itself. The host uses them too, for its own use of the part's reader.
 */
export { webAssemblyLimits } from "../../../../sdk/limits.ts";

export const apply: typeof Reflect.apply = Reflect.apply;
export const construct: typeof Reflect.construct = Reflect.construct;
export const deleteProperty: typeof Reflect.deleteProperty = Reflect.deleteProperty;
export const getProperty: typeof Reflect.get = Reflect.get;
export const create: typeof Object.create = Object.create;
export const defineProperty: typeof Object.defineProperty = Object.defineProperty;
export const freeze: typeof Object.freeze = Object.freeze;
export const setPrototypeOf: typeof Object.setPrototypeOf = Object.setPrototypeOf;
export const floor: typeof Math.floor = Math.floor;
export const max: typeof Math.max = Math.max;
export const min: typeof Math.min = Math.min;
export const trunc: typeof Math.trunc = Math.trunc;

export const OriginalArrayBuffer: ArrayBufferConstructor = ArrayBuffer;
export const OriginalError: ErrorConstructor = Error;
export const OriginalProxy: ProxyConstructor = Proxy;
export const OriginalRangeError: RangeErrorConstructor = RangeError;
export const OriginalTypeError: TypeErrorConstructor = TypeError;
export const OriginalUint8Array: Uint8ArrayConstructor = Uint8Array;
export const OriginalWeakMap: WeakMapConstructor = WeakMap;
export const OriginalWeakRef: WeakRefConstructor = WeakRef;
export const OriginalRegistry: FinalizationRegistryConstructor = FinalizationRegistry;

export const toNumber: NumberConstructor = Number;
export const toBigInt: BigIntConstructor = BigInt;
export const toUnsigned64: typeof BigInt.asUintN = BigInt.asUintN;

type Getter<Value> = (this: Uint8Array<ArrayBuffer>) => Value;

export const getOfWeakMap: WeakMap<WeakKey, unknown>["get"] = WeakMap.prototype.get;
export const setOfWeakMap: WeakMap<WeakKey, unknown>["set"] = WeakMap.prototype.set;
export const deref: WeakRef<WeakKey>["deref"] = WeakRef.prototype.deref;
export const register: FinalizationRegistry<unknown>["register"] = FinalizationRegistry.prototype.register;
export const charCodeAt: string["charCodeAt"] = String.prototype.charCodeAt;
export const setBytes: Uint8Array["set"] = Uint8Array.prototype.set;
export const bufferOf: Getter<ArrayBuffer> = getterOf("buffer") as Getter<ArrayBuffer>;
export const offsetOf: Getter<number> = getterOf("byteOffset") as Getter<number>;
export const bytesIn: Getter<number> = getterOf("length") as Getter<number>;

/** Awaited, so that what is asynchronous by the standard is never done at once. */
export const tick: Promise<void> = Promise.resolve();

function getterOf(name: "buffer" | "byteOffset" | "length"): (this: Uint8Array<ArrayBuffer>) => unknown {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (getter === undefined) throw new Error(`Cannot start: no getter ${name}`);
  return getter;
}
