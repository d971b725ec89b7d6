/**
 * Writes WebAssembly byte by byte (https://webassembly.github.io/spec/core/binary/): the few instructions that SHA-256 needs, no check of what they make together.
 */

/** Value types. */
export const i32 = 0x7f;
export const v128 = 0x7b;

const capacity = 8_192;

export class WasmCode {
  readonly #bytes = new Uint8Array(capacity);
  #length = 0;

  /** A copy of what was written. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  put(...bytes: readonly number[]): this {
    for (let index = 0; index < bytes.length; index += 1) this.#bytes[this.#length++] = bytes[index] as number;
    return this;
  }

  append(bytes: ArrayLike<number>): this {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** LEB128 of a whole number. */
  unsigned(value: number): this {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.put((rest & 127) | 128);
    return this.put(rest);
  }

  section(id: number, content: ArrayLike<number>): this {
    return this.put(id).unsigned(content.length).append(content);
  }

  get(local: number): this {
    return this.#two(0x20, local);
  }

  set(local: number): this {
    return this.#two(0x21, local);
  }

  tee(local: number): this {
    return this.#two(0x22, local);
  }

  /** i32.load */
  load(offset: number): this {
    return this.put(0x28, 2).unsigned(offset);
  }

  /** 0..8191 */
  constant(value: number): this {
    return value < 64 ? this.#two(0x41, value) : this.put(0x41, (value & 127) | 128, value >> 7);
  }

  add(): this {
    return this.#one(0x6a);
  }

  and(): this {
    return this.#one(0x71);
  }

  xor(): this {
    return this.#one(0x73);
  }

  /** Bits to the right. */
  rotate(): this {
    return this.#one(0x78);
  }

  simd(instruction: number): this {
    return instruction < 128 ? this.#two(0xfd, instruction) : this.put(0xfd, (instruction & 127) | 128, 1);
  }

  zeros(): this {
    this.simd(12);
    this.#length += 16;
    return this;
  }

  /** The bytes of two vectors, by number. */
  shuffle(lanes: readonly number[]): this {
    return this.simd(13).put(...lanes);
  }

  addVectors(): this {
    return this.simd(0xae);
  }

  xorVectors(): this {
    return this.simd(0x51);
  }

  orVectors(): this {
    return this.simd(0x50);
  }

  shiftLeft(): this {
    return this.simd(0xab);
  }

  shiftRight(): this {
    return this.simd(0xad);
  }

  #one(byte: number): this {
    this.#bytes[this.#length++] = byte;
    return this;
  }

  #two(first: number, second: number): this {
    this.#bytes[this.#length++] = first;
    this.#bytes[this.#length++] = second;
    return this;
  }
}
