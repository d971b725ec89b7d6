/** `node:util/types`: told by what only the real thing can do, not by names. `isProxy` and `isExternal` do not exist: no code can tell. */
import { boxedPrimitive } from "../web/core/boxed-primitive.ts";

type Test = (value: unknown) => boolean;

/** Whether `method` (which throws on all other objects) runs on the value. */
function acceptedBy(method: unknown, ...values: readonly unknown[]): Test {
  return (value) => {
    if (typeof value !== "object" || value === null) return false;
    try {
      Reflect.apply(method as () => unknown, value, values);
      return true;
    } catch {
      return false;
    }
  };
}

function getterOf(prototype: object, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get;
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function tagged(tag: string): Test {
  return (value) => typeof value === "object" && value !== null && tagOf(value) === tag;
}

const typedArrayTag = getterOf(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);

function typedArray(name: string): Test {
  return (value) =>
    typeof value === "object" && value !== null && Reflect.apply(typedArrayTag as () => unknown, value, []) === name;
}

const isMap: Test = acceptedBy(getterOf(Map.prototype, "size"));
const isSet: Test = acceptedBy(getterOf(Set.prototype, "size"));
const isWeakMap: Test = acceptedBy(WeakMap.prototype.has, {});
const isWeakSet: Test = acceptedBy(WeakSet.prototype.has, {});
const isDate: Test = acceptedBy(Date.prototype.getTime);
const isArrayBuffer: Test = acceptedBy(getterOf(ArrayBuffer.prototype, "byteLength"));
const isDataView: Test = acceptedBy(getterOf(DataView.prototype, "byteLength"));
const isRegExp: Test = (value) => value !== RegExp.prototype && acceptedBy(getterOf(RegExp.prototype, "source"))(value);
const isPromise: Test = (value) => value instanceof Promise;
const isNativeError: Test = (value) => value instanceof Error;
const isArrayBufferView: Test = (value) => ArrayBuffer.isView(value);
const isTypedArray: Test = (value) => ArrayBuffer.isView(value) && !isDataView(value);
/** Shared memory does not exist here. */
const isAnyArrayBuffer: Test = isArrayBuffer;
const isSharedArrayBuffer: Test = () => false;
const isArgumentsObject: Test = tagged("Arguments");
const isGeneratorObject: Test = tagged("Generator");
const isMapIterator: Test = tagged("Map Iterator");
const isSetIterator: Test = tagged("Set Iterator");
const isModuleNamespaceObject: Test = tagged("Module");
const isAsyncFunction: Test = (value) =>
  typeof value === "function" && /^Async(?:Generator)?Function$/.test(tagOf(value));
const isGeneratorFunction: Test = (value) =>
  typeof value === "function" && /^(?:Async)?GeneratorFunction$/.test(tagOf(value));
const isBoxedPrimitive: Test = (value) =>
  typeof value === "object" && value !== null && boxedPrimitive(value) !== undefined;

function boxed(type: string): Test {
  return (value) => isBoxedPrimitive(value) && typeof boxedPrimitive(value as object) === type;
}

const isNumberObject: Test = boxed("number");
const isStringObject: Test = boxed("string");
const isBooleanObject: Test = boxed("boolean");
const isBigIntObject: Test = boxed("bigint");
const isSymbolObject: Test = boxed("symbol");
const isInt8Array: Test = typedArray("Int8Array");
const isInt16Array: Test = typedArray("Int16Array");
const isInt32Array: Test = typedArray("Int32Array");
const isUint8Array: Test = typedArray("Uint8Array");
const isUint8ClampedArray: Test = typedArray("Uint8ClampedArray");
const isUint16Array: Test = typedArray("Uint16Array");
const isUint32Array: Test = typedArray("Uint32Array");
const isFloat32Array: Test = typedArray("Float32Array");
const isFloat64Array: Test = typedArray("Float64Array");
const isBigInt64Array: Test = typedArray("BigInt64Array");
const isBigUint64Array: Test = typedArray("BigUint64Array");
const isCryptoKey: Test = (value) => value instanceof CryptoKey;

const exported: Readonly<Record<string, Test>> = {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isArrayBufferView,
  isAsyncFunction,
  isBigInt64Array,
  isBigIntObject,
  isBigUint64Array,
  isBooleanObject,
  isBoxedPrimitive,
  isCryptoKey,
  isDataView,
  isDate,
  isFloat32Array,
  isFloat64Array,
  isGeneratorFunction,
  isGeneratorObject,
  isInt16Array,
  isInt32Array,
  isInt8Array,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isNumberObject,
  isPromise,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isUint16Array,
  isUint32Array,
  isUint8Array,
  isUint8ClampedArray,
  isWeakMap,
  isWeakSet,
};
export {
  isAnyArrayBuffer,
  isArgumentsObject,
  isArrayBuffer,
  isArrayBufferView,
  isAsyncFunction,
  isBigInt64Array,
  isBigIntObject,
  isBigUint64Array,
  isBooleanObject,
  isBoxedPrimitive,
  isCryptoKey,
  isDataView,
  isDate,
  isFloat32Array,
  isFloat64Array,
  isGeneratorFunction,
  isGeneratorObject,
  isInt16Array,
  isInt32Array,
  isInt8Array,
  isMap,
  isMapIterator,
  isModuleNamespaceObject,
  isNativeError,
  isNumberObject,
  isPromise,
  isRegExp,
  isSet,
  isSetIterator,
  isSharedArrayBuffer,
  isStringObject,
  isSymbolObject,
  isTypedArray,
  isUint16Array,
  isUint32Array,
  isUint8Array,
  isUint8ClampedArray,
  isWeakMap,
  isWeakSet,
};
export default exported;
