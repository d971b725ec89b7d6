/** What `node:crypto` takes as bytes: text (with its encoding) and any view or buffer. */
import { Buffer } from "./buffer.ts";
import { invalidArgument } from "./node-error.ts";

export function bytesOf(name: string, value: unknown, encoding = "utf8"): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, encoding === "buffer" ? "utf8" : encoding);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw invalidArgument(name, "of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer", value);
}

/** A Buffer, or text when an encoding is asked for. */
export function encoded(bytes: Uint8Array, encoding?: string): Buffer | string {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding);
}
