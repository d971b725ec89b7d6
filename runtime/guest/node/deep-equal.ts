/**
 * Deep equality as `assert.deepEqual` and `assert.deepStrictEqual` define it
 * (https://nodejs.org/api/assert.html#assertdeepstrictequalactual-expected-message). Circular references are equal when they close at the
 * same place.
 */
import { boxedPrimitive } from "../web/core/boxed-primitive.ts";
import * as types from "./util-types.ts";

const { isDate, isRegExp, isNativeError, isMap, isSet, isArrayBuffer, isWeakMap, isWeakSet, isPromise } = types;

export type Equality = "strict" | "loose";

export function isDeepEqual(left: unknown, right: unknown, equality: Equality): boolean {
  return new Comparison(equality === "strict").equals(left, right);
}

class Comparison {
  readonly #strict: boolean;
  /** Pairs that are being compared further up. */
  readonly #path = new Map<object, object>();

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  equals(left: unknown, right: unknown): boolean {
    if (Object.is(left, right)) return true;
    if (!isObject(left) || !isObject(right)) return !this.#strict && areLooselyEqual(left, right);
    if (this.#path.has(left)) return this.#path.get(left) === right;
    this.#path.set(left, right);
    const answer = this.#equalObjects(left, right);
    this.#path.delete(left);
    return answer;
  }

  #equalObjects(left: object, right: object): boolean {
    if (this.#strict && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
    if (tagOf(left) !== tagOf(right) || Array.isArray(left) !== Array.isArray(right)) return false;
    return this.#equalContent(left, right) && this.#equalProperties(left, right);
  }

  /** What an object holds beside its properties. */
  #equalContent(left: object, right: object): boolean {
    if (isDate(left)) return isDate(right) && Object.is(Number(left), Number(right));
    if (isRegExp(left)) return isRegExp(right) && String(left) === String(right) && indexOf(left) === indexOf(right);
    if (isNativeError(left)) return this.#equalErrors(left as Error, right as Error);
    if (isArrayBuffer(left) || ArrayBuffer.isView(left)) return areEqualBytes(left, right, this.#strict);
    if (isSet(left)) return isSet(right) && this.#equalSets(left as Set<unknown>, right as Set<unknown>);
    if (isMap(left)) {
      return isMap(right) && this.#equalMaps(left as Map<unknown, unknown>, right as Map<unknown, unknown>);
    }
    if (left instanceof URL) return right instanceof URL && left.href === right.href;
    if (isWeakMap(left) || isWeakSet(left) || isPromise(left)) return false;
    return Object.is(boxedPrimitive(left), boxedPrimitive(right));
  }

  #equalErrors(left: Error, right: Error): boolean {
    if (left.message !== right.message || left.name !== right.name) return false;
    return this.equals(left.cause, right.cause) && this.equals(errorsOf(left), errorsOf(right));
  }

  #equalProperties(left: object, right: object): boolean {
    const keys = this.#keysOf(left);
    if (keys.length !== this.#keysOf(right).length) return false;
    if (Array.isArray(left) && left.length !== (right as unknown[]).length) return false;
    return keys.every(
      (key) =>
        Object.prototype.propertyIsEnumerable.call(right, key) &&
        this.equals(Reflect.get(left, key), Reflect.get(right, key)),
    );
  }

  /** Own enumerable properties; the bytes of views were compared already. */
  #keysOf(value: object): (string | symbol)[] {
    const isView = ArrayBuffer.isView(value);
    return Reflect.ownKeys(value).filter((key) => {
      if (typeof key === "symbol" ? !this.#strict : isView && /^\d+$/.test(key)) return false;
      return Object.prototype.propertyIsEnumerable.call(value, key);
    });
  }

  #equalSets(left: Set<unknown>, right: Set<unknown>): boolean {
    if (left.size !== right.size) return false;
    const open = [...right].filter((item) => !left.has(item));
    return [...left].every((item) => right.has(item) || this.#take(open, (other) => this.equals(item, other)));
  }

  #equalMaps(left: Map<unknown, unknown>, right: Map<unknown, unknown>): boolean {
    if (left.size !== right.size) return false;
    const open = [...right].filter(([key]) => !left.has(key));
    return [...left].every(([key, value]) => {
      if (right.has(key)) return this.equals(value, right.get(key));
      return this.#take(open, ([otherKey, other]) => this.equals(key, otherKey) && this.equals(value, other));
    });
  }

  /** Removes the first item that fits, so that each counts once. */
  #take<T>(open: T[], fits: (item: T) => boolean): boolean {
    const at = open.findIndex((item) => fits(item));
    if (at >= 0) open.splice(at, 1);
    return at >= 0;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function areLooselyEqual(left: unknown, right: unknown): boolean {
  if (isObject(left) !== isObject(right) || typeof left === "function" || typeof right === "function") return false;
  // oxlint-disable-next-line eqeqeq -- loose equality is what is asked for
  return left == right;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function indexOf(value: object): number {
  return (value as RegExp).lastIndex;
}

function errorsOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors : undefined;
}

function areEqualBytes(left: object, right: object, strict: boolean): boolean {
  if (!strict && (left instanceof Float32Array || left instanceof Float64Array)) {
    const others = right as Float64Array;
    return left.length === others.length && left.every((value, index) => value === others[index]);
  }
  const bytes = bytesOf(left);
  const others = bytesOf(right);
  return bytes.length === others.length && bytes.every((byte, index) => byte === others[index]);
}

function bytesOf(value: object): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value as ArrayBuffer);
}
