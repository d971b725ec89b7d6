/**
 * BufferSource arguments: any ArrayBuffer or view as bytes.
 * Uses the intrinsic getters, so that a subclass or a tampered prototype cannot lie about a length.
 */

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getterOf(typedArrayPrototype, Symbol.toStringTag) as (this: unknown) => string | undefined;
const arrayByteLength = getterOf(ArrayBuffer.prototype, "byteLength") as (this: unknown) => number;
const isDetached = getterOf(ArrayBuffer.prototype, "detached") as (this: unknown) => boolean;
const isResizable = getterOf(ArrayBuffer.prototype, "resizable") as (this: unknown) => boolean;
const memoryOf = getterOf(typedArrayPrototype, "buffer") as (this: unknown) => ArrayBuffer;
const lengthOf = getterOf(typedArrayPrototype, "length") as (this: unknown) => number;
const { apply } = Reflect;
const { isView } = ArrayBuffer;

export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    apply(arrayByteLength, value, []);
    return true;
  } catch {
    return false;
  }
}

export function byteLengthOf(buffer: ArrayBuffer): number {
  return apply(arrayByteLength, buffer, []);
}

export function isArrayBufferView(value: unknown): value is ArrayBufferView<ArrayBuffer> {
  return isView(value);
}

export function isBufferSource(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return isView(value) || isArrayBuffer(value);
}

/** The element type (`Uint8Array`, …), or undefined for everything that is not a typed array. */
export function typedArrayName(value: unknown): string | undefined {
  return apply(tagOf, value, []);
}

/** A view of the bytes of a BufferSource (not a copy). A detached one is empty. */
export function bytesOf(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (isView(source)) {
    const { buffer, byteOffset, byteLength } = source;
    // Memory that is shared (WebAssembly's can be) cannot be detached.
    return isArrayBuffer(buffer) && apply(isDetached, buffer, [])
      ? new Uint8Array(0)
      : new Uint8Array(buffer, byteOffset, byteLength);
  }
  return apply(isDetached, source, []) ? new Uint8Array(0) : new Uint8Array(source);
}

/** A copy of the bytes of a BufferSource, exactly as long as they are. */
export function copyBytes(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytesOf(source));
}

/**
 * A buffer with just these bytes, for those who read it before any user code runs: the source's own where that is one, else a copy.
 * Never memory that is shared or can change its size, whatever user code put in the place of getters.
 */
export function exactBuffer(source: ArrayBuffer | ArrayBufferView<ArrayBuffer>): ArrayBuffer {
  const bytes = bytesOf(source);
  const own = apply(memoryOf, bytes, []);
  if (isArrayBuffer(own) && !apply(isResizable, own, [])) {
    if (apply(arrayByteLength, own, []) === apply(lengthOf, bytes, [])) return own;
  }
  return apply(memoryOf, new Uint8Array(bytes), []);
}

/** All of `chunks` in one array. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function getterOf(target: object, key: PropertyKey): (this: unknown) => unknown {
  const getter = Object.getOwnPropertyDescriptor(target, key)?.get;
  if (getter === undefined) throw new Error(`Cannot start: no getter ${String(key)}`);
  return getter;
}
