/**
 * Reads and writes the pieces of WebAssembly's binary format: bytes, LEB128 integers, sections.
 *
 * Used by host and guest. In the guest, user code shares the realm: everything this file relies on was taken before user code ran.
 */
import {
  apply,
  bufferOf,
  bytesIn,
  charCodeAt,
  offsetOf,
  OriginalError,
  OriginalUint8Array,
  setBytes,
  setPrototypeOf,
} from "../../web/wasm/originals.ts";

/** How many bytes an array really has. */
export function lengthOf(bytes: Uint8Array<ArrayBuffer>): number {
  return apply(bytesIn, bytes, []);
}

/** An empty list that user code's changes of Array.prototype do not reach: written and read by index only. */
export function bareList<T>(): T[] {
  return setPrototypeOf([], null) as T[];
}

/** The bytes are cut, or are something this folder does not know. */
export class ReadError extends OriginalError {
  constructor() {
    super("Cannot read the module");
    this.name = "ReadError";
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  /** Position of the next byte. */
  at: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, from: number, end: number) {
    this.#bytes = bytes;
    this.at = from;
    this.#end = end;
  }

  isAtEnd(): boolean {
    return this.at === this.#end;
  }

  expectEnd(): void {
    if (this.at !== this.#end) throw new ReadError();
  }

  byte(): number {
    const value = this.at < this.#end ? this.#bytes[this.at] : undefined;
    if (value === undefined) throw new ReadError();
    this.at += 1;
    return value;
  }

  skip(count: number): void {
    if (count > this.#end - this.at) throw new ReadError();
    this.at += count;
  }

  u32(): number {
    const value = this.#unsigned(5);
    if (value > 0xffff_ffff) throw new ReadError();
    return value;
  }

  /** Beyond 2^53 as the nearest number. */
  u64(): number {
    return this.#unsigned(10);
  }

  /** A LEB128 integer of any sign and at most 64 bits. */
  skipInteger(): void {
    this.#unsigned(10);
  }

  #unsigned(bytesMax: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < bytesMax; count += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ReadError();
  }
}

/** Collects bytes in an array that grows by doubling. */
export class ByteWriter {
  #bytes = new OriginalUint8Array(256);
  #capacity = 256;
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    this.u64(value);
  }

  /** LEB128 of a whole number up to 2^53. */
  u64(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) + 128);
      rest = (rest - (rest % 128)) / 128;
    }
    this.byte(rest);
  }

  /** A name of ASCII characters with its length before it. */
  ascii(text: string): void {
    this.u32(text.length);
    for (let index = 0; index < text.length; index += 1) this.byte(apply(charCodeAt, text, [index]));
  }

  copy(source: Uint8Array<ArrayBuffer>, from: number, to: number): void {
    this.#reserve(to - from);
    const view = new OriginalUint8Array(apply(bufferOf, source, []), apply(offsetOf, source, []) + from, to - from);
    apply(setBytes, this.#bytes, [view, this.#length]);
    this.#length += to - from;
  }

  section(id: number, content: Uint8Array<ArrayBuffer>): void {
    const length = lengthOf(content);
    this.byte(id);
    this.u32(length);
    this.copy(content, 0, length);
  }

  /** What was written, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new OriginalUint8Array(this.#length);
    apply(setBytes, taken, [new OriginalUint8Array(apply(bufferOf, this.#bytes, []), 0, this.#length)]);
    return taken;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#capacity) return;
    this.#capacity = needed * 2;
    const grown = new OriginalUint8Array(this.#capacity);
    apply(setBytes, grown, [this.#bytes]);
    this.#bytes = grown;
  }
}
