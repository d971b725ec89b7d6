/**
 * Part: `structuredClone` (https://html.spec.whatwg.org/#structuredserialize) for the values this runtime has.
 *
 * Invariant: nothing is detached unless the whole clone succeeded, and cycles and shared references are kept.
 */
import { blobOver, bytesOfBlob, isBlob, isFile, File } from "../../web/body/blob.ts";
import { boxedPrimitive } from "../../web/core/boxed-primitive.ts";
import { DOMException, isDomException, QuotaExceededError } from "../../web/core/dom-exception.ts";
import { isInterfaceObject } from "../../web/core/interface.ts";
import { isObject, requireArguments, sequenceOf, toDictionary } from "../../web/core/webidl.ts";
import { isArrayBuffer, isArrayBufferView, typedArrayName } from "../../web/encoding/buffer-source.ts";

export function structuredClone<T>(
  ...parameters: [value: T, options?: { readonly transfer?: Iterable<object> } | null]
): T {
  requireArguments(parameters.length, 1, "structuredClone");
  return cloneWithTransfer(parameters[0], transferListOf(parameters[1], "structuredClone")).copy as T;
}

/** Objects other than ArrayBuffer that can be moved (MessagePort, which is a part). */
export interface TransferableKind {
  has(value: object): boolean;
  /** Why this one cannot be moved, or null. */
  refusal(value: object): string | null;
  /** What takes the place of an object: nothing yet. */
  create(): object;
  /** Moves what `from` was to `to`, and leaves `from` unusable. */
  move(from: object, to: object): void;
}

const kinds: TransferableKind[] = [];

/** Called once by the part that brings the kind. */
export function addTransferableKind(kind: TransferableKind): void {
  kinds.push(kind);
}

/** `options.transfer` as a list. */
export function transferListOf(options: unknown, where: string): readonly unknown[] {
  const transfer = toDictionary(options, where)["transfer"];
  if (transfer === undefined) return [];
  const listed = isObject(transfer) ? sequenceOf(transfer) : null;
  if (listed === null) throw new TypeError("Cannot clone: options.transfer is not a sequence");
  return listed;
}

/** A clone of `value` to which what `listed` names was moved; `moved` has those objects in their order. Throws a DataCloneError. */
export function cloneWithTransfer(
  value: unknown,
  listed: readonly unknown[],
): { readonly copy: unknown; readonly moved: readonly object[] } {
  const cloner = new Cloner(checkTransfer(listed));
  return { copy: cloner.clone(value), moved: cloner.transfer() };
}

function kindOf(value: object): TransferableKind | undefined {
  return kinds.find((kind) => kind.has(value));
}

function checkTransfer(listed: readonly unknown[]): ReadonlySet<object> {
  const objects = new Set<object>();
  for (const item of listed) {
    if (!isObject(item)) throw cloneError("an item of transfer cannot be transferred");
    if (objects.has(item)) throw cloneError("an object occurs twice in transfer");
    const refusal = refusalOf(item);
    if (refusal !== null) throw cloneError(refusal);
    objects.add(item);
  }
  return objects;
}

function refusalOf(item: object): string | null {
  if (isArrayBuffer(item)) return item.detached ? "an ArrayBuffer of transfer is detached" : null;
  const kind = kindOf(item);
  return kind === undefined ? "an item of transfer cannot be transferred" : kind.refusal(item);
}

class Cloner {
  readonly #copies = new Map<object, object>();
  readonly #transferred: ReadonlySet<object>;

  constructor(transferred: ReadonlySet<object>) {
    this.#transferred = transferred;
    // Each buffer is copied now and the original detached at the end: a failure on the way changes nothing.
    for (const object of transferred) {
      const place = isArrayBuffer(object) ? sliceBuffer(object) : kindOf(object)?.create();
      if (place !== undefined) this.#copies.set(object, place);
    }
  }

  /** The originals become unusable. What took their places, in the order of the list. */
  transfer(): readonly object[] {
    return [...this.#transferred].map((object) => {
      const place = this.#copies.get(object) ?? object;
      if (isArrayBuffer(object)) object.transfer(0);
      else kindOf(object)?.move(object, place);
      return place;
    });
  }

  clone(value: unknown): unknown {
    if (!isObject(value)) {
      if (typeof value === "symbol") throw cloneError(`${String(value)} cannot be cloned`);
      return value;
    }
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    if (typeof value === "function") throw cloneError(`the function ${value.name} cannot be cloned`);
    return this.#cloneObject(value);
  }

  #cloneObject(value: object): object {
    const leaf = cloneLeaf(value);
    if (leaf !== null) return this.#remember(value, leaf);
    if (isArrayBuffer(value)) return this.#remember(value, copyBuffer(value));
    if (isArrayBufferView(value)) return this.#cloneView(value);
    if (value instanceof Map && isBranded(value, mapSize)) return this.#cloneMap(value);
    if (value instanceof Set && isBranded(value, setSize)) return this.#cloneSet(value);
    if (isError(value)) return this.#cloneError(value);
    if (Array.isArray(value)) {
      const copy: unknown[] = [];
      copy.length = value.length;
      return this.#cloneProperties(value, this.#remember(value, copy));
    }
    refusePlatformObject(value);
    return this.#cloneProperties(value, this.#remember(value, {}));
  }

  #remember<T extends object>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }

  #cloneProperties(value: object, copy: object): object {
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(value, key)) continue;
      const item = this.clone((value as Record<string, unknown>)[key]);
      Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }

  #cloneMap(value: Map<unknown, unknown>): object {
    const copy = this.#remember(value, new Map<unknown, unknown>());
    for (const [key, item] of Array.from(value)) copy.set(this.clone(key), this.clone(item));
    return copy;
  }

  #cloneSet(value: Set<unknown>): object {
    const copy = this.#remember(value, new Set<unknown>());
    for (const item of Array.from(value)) copy.add(this.clone(item));
    return copy;
  }

  #cloneView(value: ArrayBufferView<ArrayBuffer>): object {
    if (value.buffer.detached) throw cloneError("a view of a detached ArrayBuffer cannot be cloned");
    const buffer = this.clone(value.buffer) as ArrayBuffer;
    const name = typedArrayName(value);
    if (name === undefined) return this.#remember(value, new DataView(buffer, value.byteOffset, value.byteLength));
    const { length } = value as Uint8Array;
    return this.#remember(value, new (viewConstructor(name))(buffer, value.byteOffset, length));
  }

  #cloneError(value: Error): object {
    const { name } = value;
    const constructor = errorClasses[typeof name === "string" ? name : "Error"] ?? Error;
    const error = this.#remember(value, new constructor());
    defineHidden(error, "stack", toPrintableStack(value));
    const message = Object.getOwnPropertyDescriptor(value, "message");
    if (message !== undefined && "value" in message) defineHidden(error, "message", String(message.value));
    if (Object.hasOwn(value, "cause")) defineHidden(error, "cause", this.clone(value.cause));
    return error;
  }
}

/** Values that hold no others; null when `value` is none of them. */
function cloneLeaf(value: object): object | null {
  const primitive = boxedPrimitive(value);
  if (typeof primitive === "symbol") throw cloneError("a Symbol object cannot be cloned");
  if (primitive !== undefined) return Object(primitive) as object;
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (isDomException(value)) {
    const copy = copyOfException(value);
    defineHidden(copy, "stack", value.stack);
    return copy;
  }
  if (isFile(value)) {
    return new File([bytesOfBlob(value)], value.name, { type: value.type, lastModified: value.lastModified });
  }
  return isBlob(value) ? blobOver(bytesOfBlob(value), value.type) : null;
}

function copyOfException(exception: DOMException): DOMException {
  if (!(exception instanceof QuotaExceededError)) return new DOMException(exception.message, exception.name);
  const { quota, requested } = exception;
  return new QuotaExceededError(exception.message, {
    ...(quota === null ? {} : { quota }),
    ...(requested === null ? {} : { requested }),
  });
}

function copyBuffer(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.detached) throw cloneError("a detached ArrayBuffer cannot be cloned");
  return sliceBuffer(buffer);
}

function sliceBuffer(buffer: ArrayBuffer): ArrayBuffer {
  if (!buffer.resizable) return buffer.slice(0);
  const copy = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

type ViewConstructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => object;

/** Float16Array comes into being when an isolate starts, after the snapshot was made that holds this script. */
function viewConstructor(name: string): ViewConstructor {
  return typedArrays[name] ?? (Reflect.get(globalThis, name) as ViewConstructor);
}

const typedArrays: Readonly<Record<string, ViewConstructor>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

const errorClasses: Readonly<Record<string, new (message?: string) => Error>> = {
  __proto__: null as never,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")?.get;

function isBranded(value: object, getter: (() => unknown) | undefined): boolean {
  try {
    if (getter !== undefined) Reflect.apply(getter, value, []);
    return true;
  } catch {
    return false;
  }
}

function isError(value: object): value is Error {
  return Object.prototype.toString.call(value) === "[object Error]" && value instanceof Error;
}

/** Objects of the platform that have no serialised form; they would come out as empty objects. */
function refusePlatformObject(value: object): void {
  const engineObject = unserializable.some((constructor) => value instanceof constructor);
  if (engineObject || isInterfaceObject(value)) {
    throw cloneError(`#<${Object.prototype.toString.call(value).slice(8, -1)}> cannot be cloned`);
  }
}

const unserializable: readonly (abstract new (...parameters: never[]) => object)[] = [
  WeakMap,
  WeakSet,
  WeakRef,
  Promise,
];

function toPrintableStack(error: Error): string {
  const stack: unknown = error.stack;
  return typeof stack === "string" ? stack : "";
}

function defineHidden(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}

function cloneError(reason: string): DOMException {
  return new DOMException(`Cannot clone: ${reason}`, "DataCloneError");
}
