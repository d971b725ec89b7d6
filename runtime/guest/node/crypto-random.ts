/** Random values of `node:crypto`, all from the host's generator through the global `crypto`. */
import { Buffer } from "./buffer.ts";
import type { BytesCallback } from "./crypto-types.ts";
import { invalidArgument, outOfRange, requireFunction } from "./node-error.ts";

/** What the web's `getRandomValues` gives at once. */
const BLOCK_BYTES = 65_536;
const SIZE_MAX = 2 ** 31 - 1;
/** Node's: the range must be below 2^48. */
const RANGE_MAX = 2 ** 48 - 1;

function getRandomValues<T extends ArrayBufferView<ArrayBuffer>>(array: T): T {
  return globalThis.crypto.getRandomValues(array);
}

function randomUUID(): string {
  return globalThis.crypto.randomUUID();
}

function randomBytes(size: number, callback?: BytesCallback<Buffer>): Buffer | undefined {
  if (typeof size !== "number") throw invalidArgument("size", "of type number", size);
  if (!Number.isInteger(size) || size < 0 || size > SIZE_MAX)
    throw outOfRange("size", `>= 0 && <= ${String(SIZE_MAX)}`, size);
  const bytes = randomFillSync(Buffer.alloc(size));
  if (callback === undefined) return bytes;
  queueMicrotask(() => callback(null, bytes));
  return undefined;
}

function randomFillSync<T extends ArrayBufferView>(
  target: T,
  offset = 0,
  size: number = target.byteLength - offset,
): T {
  if (!ArrayBuffer.isView(target)) throw invalidArgument("buf", "an instance of ArrayBufferView", target);
  if (offset < 0 || size < 0 || offset + size > target.byteLength) {
    throw outOfRange("size + offset", `<= ${String(target.byteLength)}`, offset + size);
  }
  const bytes = new Uint8Array(target.buffer as ArrayBuffer, target.byteOffset + offset, size);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, at + BLOCK_BYTES));
  }
  return target;
}

function randomFill(target: ArrayBufferView, ...rest: unknown[]): void {
  const callback = rest.pop() as BytesCallback<ArrayBufferView>;
  requireFunction("callback", callback);
  const [offset, size] = rest as [number | undefined, number | undefined];
  randomFillSync(target, offset, size);
  queueMicrotask(() => callback(null, target));
}

/** An integer from `min` (default 0) up to but not including `max`, each as likely. */
function randomInt(...values: [number, (number | BytesCallback<number>)?, BytesCallback<number>?]): number | undefined {
  const hasMin = typeof values[1] === "number";
  const min = hasMin ? values[0] : 0;
  const max = hasMin ? (values[1] as number) : values[0];
  const callback = values[hasMin ? 2 : 1] as BytesCallback<number> | undefined;
  for (const [name, value] of [
    ["min", min],
    ["max", max],
  ] as const) {
    if (!Number.isSafeInteger(value)) throw invalidArgument(name, "a safe integer", value);
  }
  const range = max - min;
  if (range <= 0) throw outOfRange("max", `greater than the value of "min" (${String(min)})`, max);
  if (range > RANGE_MAX) throw outOfRange("max - min", `<= ${String(RANGE_MAX)}`, range);
  const value = min + below(range);
  if (callback === undefined) return value;
  queueMicrotask(() => callback(null, value));
  return undefined;
}

/** Draws again above the last whole multiple of `range`, which would favour small numbers. */
function below(range: number): number {
  const limit = 2 ** 48 - (2 ** 48 % range);
  for (;;) {
    const bytes = randomFillSync(Buffer.alloc(6));
    const drawn = bytes.readUIntBE(0, 6);
    if (drawn < limit) return drawn % range;
  }
}

export { getRandomValues, randomBytes, randomFill, randomFillSync, randomInt, randomUUID };
