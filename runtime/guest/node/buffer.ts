/**
 * `node:buffer`: feross' Buffer with what it lacks: base64url, copyBytesFrom, isUtf8, isAscii, transcode and the methods for one encoding.
 * No pool: `allocUnsafe` gives zeroed memory of its own.
 */
import { Buffer } from "buffer/index.js";
import * as base from "buffer/index.js";
import { invalidArgument } from "./node-error.ts";

const { INSPECT_MAX_BYTES, kMaxLength } = base as unknown as Readonly<
  Record<"INSPECT_MAX_BYTES" | "kMaxLength", number>
>;

type Method = (this: unknown, ...values: unknown[]) => unknown;
type Methods = Record<string, Method>;

const statics = Buffer as unknown as Methods;
const methods = Buffer.prototype as unknown as Methods;

function isBase64Url(encoding: unknown): boolean {
  return typeof encoding === "string" && encoding.toLowerCase() === "base64url";
}

/** base64 decodes both alphabets already. */
function decodable(encoding: unknown): unknown {
  return isBase64Url(encoding) ? "base64" : encoding;
}

/** Replaces a method by one that knows base64url in its parameters from the `from`th. */
function teachBase64Url(owner: Methods, name: string, from: number): void {
  const original = owner[name];
  if (original === undefined) return;
  owner[name] = function taught(...values): unknown {
    for (let i = from; i < values.length; i++) {
      if (values[i] === "hex" && name !== "byteLength") values[0] = wholeHexPairs(values[0]);
      values[i] = decodable(values[i]);
    }
    return Reflect.apply(original, this, values);
  };
  Object.defineProperty(owner[name], "name", { value: name, configurable: true });
}

/** Decoding ends at the first pair that is no hexadecimal number. */
function wholeHexPairs(text: unknown): unknown {
  return typeof text === "string" ? /^(?:[\da-f]{2})*/i.exec(text)?.[0] : text;
}

for (const name of ["from", "byteLength"]) teachBase64Url(statics, name, 1);
teachBase64Url(statics, "alloc", 2);
for (const name of ["write", "fill", "indexOf", "lastIndexOf", "includes"]) teachBase64Url(methods, name, 1);

methods["equals"] = function equals(other): unknown {
  if (!(other instanceof Uint8Array))
    throw invalidArgument("otherBuffer", "an instance of Buffer or Uint8Array", other);
  return this === other || Buffer.compare(this as Buffer, other) === 0;
};

const isEncoding = Buffer.isEncoding.bind(Buffer);
statics["isEncoding"] = (encoding) => isBase64Url(encoding) || isEncoding(encoding as string);

const toText = methods["toString"] as Method;
methods["toString"] = function toString(encoding, start, end): unknown {
  if (!isBase64Url(encoding)) return Reflect.apply(toText, this, arguments.length === 0 ? [] : [encoding, start, end]);
  const base64 = Reflect.apply(toText, this, ["base64", start, end]) as string;
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};
methods["toLocaleString"] = methods["toString"];

for (const encoding of ["ascii", "base64", "base64url", "hex", "latin1", "ucs2", "utf8"]) {
  Object.defineProperty(methods, `${encoding}Slice`, {
    value(this: Buffer, start?: number, end?: number) {
      return this.toString(encoding, start, end);
    },
    configurable: true,
    writable: true,
  });
  Object.defineProperty(methods, `${encoding}Write`, {
    value(this: Buffer, text: string, offset: number = 0, length: number = this.length - offset) {
      return this.write(text, offset, length, encoding);
    },
    configurable: true,
    writable: true,
  });
}

statics["copyBytesFrom"] = (view, offset = 0, length) => {
  if (!ArrayBuffer.isView(view) || view instanceof DataView) throw invalidArgument("view", "a TypedArray", view);
  const items = view as Uint8Array;
  const end = length === undefined ? undefined : (offset as number) + (length as number);
  const part = items.slice(offset as number, end);
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
};

const BYTES_MAX = kMaxLength;
const CHARS_MAX = 0x1fffffe8;

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw invalidArgument("input", "an instance of ArrayBuffer, Buffer, or TypedArray", value);
}

function isUtf8(input: unknown): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(input));
    return true;
  } catch (error) {
    if (error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_ARG_TYPE") throw error;
    return false;
  }
}

function isAscii(input: unknown): boolean {
  return bytesOf(input).every((byte) => byte < 0x80);
}

/** What the target encoding cannot say becomes `?`. */
function transcode(source: Uint8Array, from: string, to: string): Buffer {
  const text = Buffer.from(source).toString(from);
  const max = to === "ascii" || to === "us-ascii" ? 0x7f : to === "latin1" || to === "binary" ? 0xff : 0x10ffff;
  const possible = Array.from(text, (char) => ((char.codePointAt(0) ?? 0) > max ? "?" : char)).join("");
  return Buffer.from(possible, to === "us-ascii" ? "ascii" : to);
}

const constants: Readonly<Record<string, number>> = { MAX_LENGTH: BYTES_MAX, MAX_STRING_LENGTH: CHARS_MAX };
const kStringMaxLength: number = CHARS_MAX;
const theBlob = Blob;
const theFile = File;
const { atob, btoa } = globalThis;

const exported: Readonly<Record<string, unknown>> = {
  Blob,
  Buffer,
  File,
  INSPECT_MAX_BYTES,
  atob,
  btoa,
  constants,
  isAscii,
  isUtf8,
  kMaxLength,
  kStringMaxLength,
  transcode,
};
export {
  theBlob as Blob,
  Buffer,
  theFile as File,
  INSPECT_MAX_BYTES,
  atob,
  btoa,
  constants,
  isAscii,
  isUtf8,
  kMaxLength,
  kStringMaxLength,
  transcode,
};
export default exported;
