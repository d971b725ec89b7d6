/**
 * Part: SHA-256 and HMAC-SHA-256 of small messages inside the isolate, where crossing to the host would take longer than hashing.
 *
 * A message is one call, so that calls cannot mix. Memory keeps what was hashed last until the next call; nobody else can reach it.
 */
import {
  compressionModule,
  constantsAt,
  initialState,
  memoryBytes,
  messageAt,
  roundConstants,
  stateAt,
} from "./compression-module.ts";

const blockBytes = 64;
const digestBytes = 32;

/** What a key makes of the two hashes of an HMAC (RFC 2104 §4), before any message: the states after one block. */
export interface HmacStart {
  readonly inner: Int32Array;
  readonly outer: Int32Array;
}

/** Bytes of the longest message: its padding takes up to 72 more. */
export const messageBytesMax: number = memoryBytes - messageAt - 2 * blockBytes;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly compress: (from: number, end: number) => void;
}

interface Wasm {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

export class Sha256 {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #state: Int32Array<ArrayBuffer>;
  readonly #compress: (from: number, end: number) => void;
  readonly #start: Int32Array = Int32Array.from(initialState);

  /** @throws what WebAssembly throws, where it is not to be had or has no SIMD. */
  constructor() {
    const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
    const { memory, compress } = new Instance(new Module(compressionModule())).exports as Exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#state = new Int32Array(memory.buffer, stateAt, digestBytes / 4);
    new Int32Array(memory.buffer, constantsAt, roundConstants.length).set(roundConstants);
    this.#compress = compress;
  }

  /** `bytes`: at most `messageBytesMax`. */
  digest(bytes: Uint8Array): ArrayBuffer {
    this.#hash(this.#start, bytes, 0);
    return this.#result();
  }

  startHmac(key: Uint8Array): HmacStart {
    const block = new Uint8Array(blockBytes);
    block.set(key.length > blockBytes ? new Uint8Array(this.digest(key)) : key);
    return { inner: this.#stateAfter(block, 0x36), outer: this.#stateAfter(block, 0x5c) };
  }

  /** `bytes`: at most `messageBytesMax`. */
  hmac(start: HmacStart, bytes: Uint8Array): ArrayBuffer {
    this.#mac(start, bytes);
    return this.#result();
  }

  /** Whether the HMAC of `bytes` is `mac`; takes the same time wherever they differ. */
  isHmac(start: HmacStart, { bytes, mac }: { readonly bytes: Uint8Array; readonly mac: Uint8Array }): boolean {
    if (mac.length !== digestBytes) return false;
    this.#mac(start, bytes);
    let difference = 0;
    for (let word = 0; word < digestBytes / 4; word += 1) {
      const at = word * 4;
      const theirs =
        ((mac[at] as number) << 24) |
        ((mac[at + 1] as number) << 16) |
        ((mac[at + 2] as number) << 8) |
        (mac[at + 3] as number);
      difference |= (this.#state[word] as number) ^ theirs;
    }
    return difference === 0;
  }

  #mac({ inner, outer }: HmacStart, bytes: Uint8Array): void {
    this.#hash(inner, bytes, blockBytes);
    for (let word = 0; word < digestBytes / 4; word += 1) {
      this.#view.setInt32(messageAt + word * 4, this.#state[word] as number);
    }
    this.#finish(outer, digestBytes, blockBytes);
  }

  /** Leaves the hash in the state; `before` bytes were hashed to get to `start`. */
  #hash(start: Int32Array, bytes: Uint8Array, before: number): void {
    this.#bytes.set(bytes, messageAt);
    this.#finish(start, bytes.length, before);
  }

  /** Pads the message that is in the memory (FIPS 180-4 §5.1.1) and hashes it. */
  #finish(start: Int32Array, length: number, before: number): void {
    const end = messageAt + ((length + 8) | (blockBytes - 1)) + 1;
    let at = messageAt + length;
    this.#bytes[at] = 0x80;
    for (at += 1; at < end; at += 1) this.#bytes[at] = 0;
    this.#view.setUint32(end - 4, (before + length) * 8);
    for (let word = 0; word < digestBytes / 4; word += 1) this.#state[word] = start[word] as number;
    this.#compress(messageAt, end);
  }

  #stateAfter(block: Uint8Array, pad: number): Int32Array {
    for (let index = 0; index < blockBytes; index += 1) this.#bytes[messageAt + index] = (block[index] as number) ^ pad;
    for (let word = 0; word < digestBytes / 4; word += 1) this.#state[word] = this.#start[word] as number;
    this.#compress(messageAt, messageAt + blockBytes);
    return this.#state.slice();
  }

  #result(): ArrayBuffer {
    const result = new ArrayBuffer(digestBytes);
    const view = new DataView(result);
    for (let word = 0; word < digestBytes / 4; word += 1) view.setInt32(word * 4, this.#state[word] as number);
    return result;
  }
}
