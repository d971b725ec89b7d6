/**
 * Blob and File (https://w3c.github.io/FileAPI/). A blob's bytes are in this isolate's memory and never change, so slices share
 * them.
 */
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, sequenceOf, toDictionary, toDomString, toUsvString } from "../core/webidl.ts";
import { bytesOf, concatBytes, copyBytes, isBufferSource } from "../encoding/buffer-source.ts";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";
import { type ReadableStream, streams } from "../streams/streams.ts";

export type BlobPart = ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob | string;

export interface BlobOptions {
  readonly type?: string;
  readonly endings?: "transparent" | "native";
}

/** Bytes delivered at once by `stream()`. */
const CHUNK_BYTES = 65_536;

let bytesIn: (blob: Blob) => Uint8Array<ArrayBuffer>;
let hasBlobBrand: (value: object) => boolean;
let wrap: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;

export class Blob {
  #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  constructor(...parameters: [parts?: Iterable<BlobPart>, options?: BlobOptions | null]) {
    const [parts, options] = parameters;
    const items = parts === undefined ? [] : isObject(parts) ? sequenceOf(parts, toBlobPart) : null;
    if (items === null) throw new TypeError("Cannot create a Blob: the parts are not a sequence");
    const dictionary = toDictionary(options, "Blob");
    const endings = toEndings(dictionary["endings"]);
    const { type } = dictionary;
    this.#type = type === undefined ? "" : normalizeType(toDomString(type));
    this.#bytes = concatBytes(items.map((item) => bytesOfPart(item as BlobPart, endings)));
  }

  get size(): number {
    return this.#bytes.byteLength;
  }

  get type(): string {
    return this.#type;
  }

  slice(start?: number, end?: number, contentType: string = ""): Blob {
    const { length } = this.#bytes;
    const from = clampIndex(start, { length, otherwise: 0 });
    const to = clampIndex(end, { length, otherwise: length });
    return wrap(this.#bytes.subarray(from, Math.max(from, to)), normalizeType(toDomString(contentType)));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return copyBytes(this.#bytes).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return copyBytes(this.#bytes);
  }

  async text(): Promise<string> {
    const text = decodeUtf8(this.#bytes) ?? "";
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  stream(): ReadableStream<Uint8Array> {
    const bytes = this.#bytes;
    let at = 0;
    return new (streams().ReadableStream)<Uint8Array>(
      {
        type: "bytes",
        pull(controller) {
          if (at < bytes.length) controller.enqueue(bytes.slice(at, at + CHUNK_BYTES));
          at += CHUNK_BYTES;
          if (at < bytes.length) return;
          controller.close();
          controller.byobRequest?.respond(0);
        },
      },
      { highWaterMark: 0 },
    );
  }

  static {
    bytesIn = (blob) => blob.#bytes;
    hasBlobBrand = (value) => #bytes in value;
    wrap = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
  }
}

let hasFileBrand: (value: object) => boolean;

export class File extends Blob {
  readonly #name: string;
  readonly #lastModified: number;

  constructor(
    ...parameters: [parts: Iterable<BlobPart>, name: string, options?: BlobOptions & { readonly lastModified?: number }]
  ) {
    requireArguments(parameters.length, 2, "the File constructor");
    super(parameters[0], parameters[2]);
    this.#name = toUsvString(parameters[1]);
    const lastModified = toDictionary(parameters[2], "File")["lastModified"];
    this.#lastModified = lastModified === undefined ? Date.now() : toIntegerOrZero(lastModified);
  }

  get name(): string {
    return this.#name;
  }

  get lastModified(): number {
    return this.#lastModified;
  }

  static {
    hasFileBrand = (value) => #name in value;
  }
}

export function isBlob(value: unknown): value is Blob {
  return isObject(value) && hasBlobBrand(value);
}

export function isFile(value: unknown): value is File {
  return isObject(value) && hasFileBrand(value);
}

/** The blob's own bytes: to be read only. */
export function bytesOfBlob(blob: Blob): Uint8Array<ArrayBuffer> {
  return bytesIn(blob);
}

/** A blob over bytes that nobody changes any more. */
export function blobOver(bytes: Uint8Array<ArrayBuffer>, type: string): Blob {
  return wrap(bytes, normalizeType(type));
}

/** The union of Web IDL: a string unless it is one of the others. Bytes are taken when all parts are converted. */
function toBlobPart(part: unknown): unknown {
  return isBlob(part) || isBufferSource(part) ? part : toUsvString(part);
}

function toEndings(value: unknown): "transparent" | "native" {
  if (value === undefined) return "transparent";
  const text = toDomString(value);
  if (text === "transparent" || text === "native") return text;
  throw new TypeError('Cannot create a Blob: options.endings is neither "transparent" nor "native"');
}

function bytesOfPart(part: BlobPart, endings: "transparent" | "native"): Uint8Array {
  if (typeof part === "string") return encodeUtf8(endings === "native" ? part.replaceAll(/\r\n?/g, "\n") : part);
  return isBlob(part) ? bytesIn(part) : bytesOf(part);
}

/** A type with characters outside printable ASCII is dropped (File API §3.1). */
function normalizeType(type: string): string {
  return /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : "";
}

function toIntegerOrZero(value: unknown): number {
  return Math.trunc(Number(value)) || 0;
}

/** A `[Clamp] long long`: to the nearest integer, of two as near the even one. Infinities stay. */
function toClampedInteger(value: unknown): number {
  const number = Number(value);
  const floor = Math.floor(number);
  if (Number.isNaN(number)) return 0;
  const rest = number - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function clampIndex(index: number | undefined, range: { readonly length: number; readonly otherwise: number }): number {
  if (index === undefined) return range.otherwise;
  const number = toClampedInteger(index);
  return number < 0 ? Math.max(range.length + number, 0) : Math.min(number, range.length);
}

finishInterface(Blob, "Blob", { shown: ["size", "type"] });
finishInterface(File, "File", { shown: ["size", "type", "name", "lastModified"] });
