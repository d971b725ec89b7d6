/**
 * TextDecoder (https://encoding.spec.whatwg.org/#interface-textdecoder): UTF-8, UTF-16 and windows-1252 here, legacy encodings by their part.
 *
 * Invariant: what a stream of chunks decodes to does not depend on where the chunks are cut.
 */
import { finishInterface } from "../core/interface.ts";
import { isObject, toDictionary, toDomString, toPrintable } from "../core/webidl.ts";
import { bytesOf, isBufferSource, concatBytes } from "./buffer-source.ts";
import { loadPart } from "../../parts/load-part.ts";
import { coreEncodingOf, normalLabel, type CoreEncoding } from "./encoding-label.ts";
import { decodeUtf8, incompleteTail, latin1ToString } from "./utf8.ts";

export interface TextDecoderOptions {
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}

let hasBrand: (value: object) => boolean;

export class TextDecoder {
  readonly #encoding: string;
  /** Null for a legacy encoding, whose decoder keeps its own state. */
  readonly #core: CoreEncoding | null;
  #legacy: ((bytes: Uint8Array, stream: boolean) => string) | null = null;
  readonly #fatal: boolean;
  readonly #ignoreBom: boolean;
  /** Bytes of a character that a chunk cut in two. */
  #held: Uint8Array<ArrayBuffer> | null = null;
  #bomSeen = false;
  #streaming = false;

  constructor(label: string = "utf-8", options: TextDecoderOptions = {}) {
    const text = toDomString(label);
    const core = coreEncodingOf(text);
    const encoding = core ?? legacyEncodingOf(text);
    if (encoding === null) {
      throw new RangeError(`Cannot create a TextDecoder: there is no encoding ${toPrintable(label)}`);
    }
    const dictionary = toDictionary(options, "TextDecoder");
    this.#encoding = encoding;
    this.#core = core ?? null;
    this.#fatal = Boolean(dictionary["fatal"]);
    this.#ignoreBom = Boolean(dictionary["ignoreBOM"]);
  }

  get encoding(): string {
    return this.#encoding;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBom;
  }

  decode(input?: ArrayBuffer | ArrayBufferView<ArrayBuffer>, options: { readonly stream?: boolean } = {}): string {
    if (input !== undefined && !isBufferSource(input)) {
      throw new TypeError("Cannot decode: the input is not an ArrayBuffer or a view of one");
    }
    const stream = Boolean(toDictionary(options, "TextDecoder.decode")["stream"]);
    const core = this.#core;
    if (core === null) return this.#decodeLegacy(input === undefined ? new Uint8Array(0) : bytesOf(input), stream);
    if (!this.#streaming) {
      this.#held = null;
      this.#bomSeen = false;
    }
    this.#streaming = stream;
    let bytes: Uint8Array<ArrayBuffer> = input === undefined ? new Uint8Array(0) : bytesOf(input);
    if (this.#held !== null) {
      bytes = concatBytes([this.#held, bytes]);
      this.#held = null;
    }
    if (stream) {
      const tail = tailOf(core, bytes);
      if (tail > 0) {
        this.#held = bytes.slice(bytes.length - tail);
        bytes = bytes.subarray(0, bytes.length - tail);
      }
    }
    const text = decodeAs(core, bytes, this.#fatal ? "fatal" : "replace");
    if (text === null) {
      this.#held = null;
      this.#streaming = false;
      throw new TypeError(`Cannot decode: the bytes are not well-formed ${this.#encoding}`);
    }
    return this.#withoutBom(text);
  }

  #decodeLegacy(bytes: Uint8Array<ArrayBuffer>, stream: boolean): string {
    this.#legacy ??= loadPart("legacy-encodings").createLegacyDecoder(
      this.#encoding,
      this.#fatal ? "fatal" : "replace",
    );
    try {
      return this.#legacy(bytes, stream);
    } catch {
      this.#legacy = null;
      throw new TypeError(`Cannot decode: the bytes are not well-formed ${this.#encoding}`);
    }
  }

  #withoutBom(text: string): string {
    if (this.#ignoreBom || this.#bomSeen || this.#encoding === "windows-1252" || text === "") return text;
    this.#bomSeen = true;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  static {
    hasBrand = (value) => #encoding in value;
  }
}

export function isTextDecoder(value: unknown): value is TextDecoder {
  return isObject(value) && hasBrand(value);
}

function decodeAs(encoding: CoreEncoding, bytes: Uint8Array<ArrayBuffer>, fatal: "fatal" | "replace"): string | null {
  switch (encoding) {
    case "utf-8":
      return decodeUtf8(bytes, fatal);
    case "utf-16le":
    case "utf-16be":
      return decodeUtf16(bytes, encoding, fatal);
    case "windows-1252":
      return decodeWindows1252(bytes);
  }
}

/** How many bytes at the end begin a character that the next chunk may finish. */
function tailOf(encoding: CoreEncoding, bytes: Uint8Array<ArrayBuffer>): number {
  switch (encoding) {
    case "utf-8":
      return incompleteTail(bytes);
    case "utf-16le":
    case "utf-16be":
      return incompleteUtf16Tail(bytes, encoding);
    case "windows-1252":
      return 0;
  }
}

/** What is surely no label loads nothing. */
function legacyEncodingOf(label: string): string | null {
  const name = normalLabel(label);
  return /^[\w.:-]{2,24}$/.test(name) ? loadPart("legacy-encodings").encodingNamed(name) : null;
}

type Utf16 = "utf-16le" | "utf-16be";

function decodeUtf16(bytes: Uint8Array<ArrayBuffer>, encoding: Utf16, fatal: "fatal" | "replace"): string | null {
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) text += String.fromCharCode(unitAt(bytes, at, encoding));
  if (bytes.length % 2 === 1) text += "\ud800";
  if (text.isWellFormed()) return text;
  if (fatal === "fatal") return null;
  // A cut pair followed by half a unit is one error, not two.
  const cutPair = bytes.length % 2 === 1 && /[\ud800-\udbff]\ud800$/.test(text);
  return (cutPair ? text.slice(0, -1) : text).toWellFormed();
}

function incompleteUtf16Tail(bytes: Uint8Array<ArrayBuffer>, encoding: Utf16): number {
  const half = bytes.length % 2;
  const last = bytes.length - half - 2;
  return last >= 0 && (unitAt(bytes, last, encoding) & 0xfc00) === 0xd800 ? half + 2 : half;
}

function unitAt(bytes: Uint8Array, at: number, encoding: Utf16): number {
  const first = bytes[at] as number;
  const second = bytes[at + 1] as number;
  return encoding === "utf-16le" ? first | (second << 8) : (first << 8) | second;
}

/** 0x80..0x9F of windows-1252; the rest is Latin-1. */
const windows1252 =
  "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f" +
  "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

function decodeWindows1252(bytes: Uint8Array): string {
  // eslint-disable-next-line no-control-regex -- the C1 range is what differs from Latin-1
  return latin1ToString(bytes).replaceAll(/[\u0080-\u009f]/g, (char) => windows1252.charAt(char.charCodeAt(0) - 0x80));
}

finishInterface(TextDecoder, "TextDecoder");
