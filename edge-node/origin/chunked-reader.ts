/**
 * Takes the chunked coding off a body (RFC 9112 §7.1), in place: what is left of a read stands where the read began.
 *
 * Sizes are hexadecimal digits and nothing else, extensions are passed over, trailers are checked and dropped; both are bounded for the whole
 * body. Invariant: a byte outside the grammar, such as a line feed alone, ends the body as malformed.
 */
import { messageLimits } from "../../sdk/limits.ts";

type State =
  | "size"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer"
  | "trailer-name"
  | "trailer-value"
  | "trailer-lf"
  | "end-lf"
  | "over"
  | "malformed";

const CR = 13;
const LF = 10;
const COLON = 58;
/** 52 bits. */
const SIZE_DIGITS_MAX = 13;
/** Extensions of all chunks of a body together, bytes. */
const EXTENSION_BYTES_MAX = 16_384;

export class ChunkedReader {
  #state: State = "size";
  #digits = 0;
  /** Of the chunk's data that has not come yet. */
  #left = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #at = 0;

  /** For the next body. */
  begin(): void {
    this.#state = "size";
    this.#digits = 0;
    this.#left = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = 0;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  get isMalformed(): boolean {
    return this.#state === "malformed";
  }

  /** How far the last read was looked at: beyond the end of the body there is something else. */
  get readTo(): number {
    return this.#at;
  }

  /** Moves the data among `bytes[from..to)` to `from` and says where it ends. */
  read(bytes: Buffer, from: number, to: number): number {
    let dataEnd = from;
    this.#at = from;
    while (this.#at < to && this.#state !== "over" && this.#state !== "malformed") {
      if (this.#state !== "data") {
        this.#state = this.#step(bytes[this.#at] as number);
        this.#at++;
        continue;
      }
      const count = Math.min(this.#left, to - this.#at);
      if (dataEnd !== this.#at) bytes.copyWithin(dataEnd, this.#at, this.#at + count);
      dataEnd += count;
      this.#at += count;
      this.#left -= count;
      if (this.#left === 0) this.#state = "data-cr";
    }
    return dataEnd;
  }

  #step(byte: number): State {
    switch (this.#state) {
      case "size":
        return this.#size(byte);
      case "extension":
        if (byte === CR) return "size-lf";
        return isText(byte) && ++this.#extensionBytes <= EXTENSION_BYTES_MAX ? "extension" : "malformed";
      case "size-lf":
        this.#digits = 0;
        if (byte !== LF) return "malformed";
        return this.#left === 0 ? "trailer" : "data";
      case "data-cr":
        return byte === CR ? "data-lf" : "malformed";
      case "data-lf":
        return byte === LF ? "size" : "malformed";
      case "end-lf":
        return byte === LF ? "over" : "malformed";
      default:
        return this.#trailer(byte);
    }
  }

  #size(byte: number): State {
    const value = hexDigit(byte);
    if (value >= 0) {
      this.#left = this.#left * 16 + value;
      return ++this.#digits <= SIZE_DIGITS_MAX ? "size" : "malformed";
    }
    if (this.#digits === 0) return "malformed";
    if (byte === CR) return "size-lf";
    return byte === 59 ? "extension" : "malformed";
  }

  #trailer(byte: number): State {
    if (++this.#trailerBytes > messageLimits.headerBytesMax) return "malformed";
    switch (this.#state) {
      case "trailer":
        if (byte === CR) return "end-lf";
        return isToken(byte) ? "trailer-name" : "malformed";
      case "trailer-name":
        if (byte === COLON) return "trailer-value";
        return isToken(byte) ? "trailer-name" : "malformed";
      case "trailer-value":
        if (byte === CR) return "trailer-lf";
        return isText(byte) ? "trailer-value" : "malformed";
      default:
        return byte === LF ? "trailer" : "malformed";
    }
  }
}

/** -1 when it is none. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** What values and reasons are made of (RFC 9110 §5.5). */
function isText(byte: number): boolean {
  return byte === 9 || (byte >= 32 && byte !== 127);
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;

function isToken(byte: number): boolean {
  return TOKEN.test(String.fromCharCode(byte));
}
