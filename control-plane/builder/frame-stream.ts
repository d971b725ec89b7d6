/**
 * Frames on a pipe between the control plane and a builder: a JSON header and bytes behind it.
 *
 * A frame is two big-endian lengths of four bytes (header, payload), then both. Either end may be hostile to the other: lengths are
 * checked before anything is kept, and a header is `unknown` until its receiver has looked at it.
 */

export interface Frame {
  readonly header: unknown;
  readonly payload: Uint8Array;
}

const prefixBytes = 8;
const headerBytesMax = 1_048_576;

export function encodeFrame(header: Readonly<Record<string, unknown>>, payload: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const frame = Buffer.alloc(prefixBytes + text.byteLength + payload.byteLength);
  frame.writeUInt32BE(text.byteLength, 0);
  frame.writeUInt32BE(payload.byteLength, 4);
  frame.set(text, prefixBytes);
  frame.set(payload, prefixBytes + text.byteLength);
  return frame;
}

/** Collects chunks and hands out whole frames. */
export class FrameDecoder {
  readonly #payloadBytesMax: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  /** Frames that `chunk` completes. @throws when the stream is no sequence of frames or one is too large. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | null {
    if (this.#bytes < prefixBytes) return null;
    const prefix = this.#firstBytes(prefixBytes);
    const headerBytes = prefix.readUInt32BE(0);
    const payloadBytes = prefix.readUInt32BE(4);
    if (headerBytes > headerBytesMax || payloadBytes > this.#payloadBytesMax) {
      throw new RangeError(`Cannot read a frame: too large: ${String(headerBytes)} and ${String(payloadBytes)} bytes`);
    }
    const total = prefixBytes + headerBytes + payloadBytes;
    if (this.#bytes < total) return null;
    const frame = this.#firstBytes(total);
    const header: unknown = JSON.parse(frame.toString("utf8", prefixBytes, prefixBytes + headerBytes));
    const payload = frame.subarray(prefixBytes + headerBytes, total);
    const rest = this.#firstBytes(this.#bytes).subarray(total);
    this.#chunks = rest.byteLength === 0 ? [] : [rest];
    this.#bytes = rest.byteLength;
    return { header, payload };
  }

  /** The first `count` bytes in one piece, which they then are for good. */
  #firstBytes(count: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.byteLength >= count) return Buffer.from(first.buffer, first.byteOffset, count);
    const whole = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [whole];
    return whole.subarray(0, count);
  }
}
