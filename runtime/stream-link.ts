/**
 * A link over a byte stream between two processes: everything sent in one tick is one message.
 *
 * Message: payload length, text length (in characters, highest bit: two bytes each), number of buffers, length of each buffer (all u32 LE),
 * then text and buffers. It knows neither sockets nor processes: the stream is injected, and the chunks it delivers must belong to
 * its reader. Invariant: each buffer that is delivered has memory of its own, into which it was copied once, so that the receiver may
 * move it on.
 */
import type { Duplex } from "node:stream";
import type { Link, Sendable } from "./link.ts";
import { releaseMemory } from "./release-memory.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";

const headerBytes = 12;
const wideFlag = 0x8000_0000;
const messageBytesMax = 512 * 1024 * 1024;
// eslint-disable-next-line no-control-regex -- asks whether any character needs two bytes
const beyondLatin1 = /[^\0-\xff]/;

/** A message whose head has arrived. */
interface Arriving {
  readonly text: string;
  readonly buffers: readonly Buffer[];
  /** The buffer being filled, and how far it is. */
  index: number;
  filled: number;
}

export class StreamLink implements Link {
  readonly givesBuffers = true;
  onBatch: (batch: string, buffers: readonly Uint8Array[]) => void = ignoreBatch;
  onClose: () => void = ignoreClose;
  readonly #stream: Duplex;
  readonly #environment: Pick<RuntimeEnvironment, "afterTick">;
  #text = "";
  #buffers: Sendable[] = [];
  #scheduled = false;
  /** Bytes of a head that has not arrived whole. */
  #head: Buffer | null = null;
  #arriving: Arriving | null = null;
  #closed = false;

  constructor(stream: Duplex, environment: Pick<RuntimeEnvironment, "afterTick">) {
    this.#stream = stream;
    this.#environment = environment;
    stream.on("data", (chunk: Buffer) => {
      this.#onData(chunk);
    });
    stream.on("error", () => {
      this.#end();
    });
    stream.on("close", () => {
      this.#end();
    });
  }

  send(batch: string, buffers: readonly Sendable[]): void {
    this.#text += batch;
    for (const buffer of buffers) this.#buffers.push(buffer);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.afterTick(() => {
      this.#flush();
    });
  }

  close(): void {
    this.#closed = true;
    this.#stream.destroy();
  }

  #flush(): void {
    this.#scheduled = false;
    const text = this.#text;
    const buffers = this.#buffers;
    this.#text = "";
    this.#buffers = [];
    if (this.#closed || this.#stream.destroyed) return;
    const head = encodeHead(text, buffers);
    if (buffers.length === 0) {
      this.#stream.write(head);
      return;
    }
    this.#stream.cork();
    this.#stream.write(head);
    for (const buffer of buffers) this.#write(buffer);
    this.#stream.uncork();
  }

  #write(buffer: Sendable): void {
    if (buffer instanceof Uint8Array) {
      this.#stream.write(buffer);
      return;
    }
    for (const piece of buffer.pieces) {
      if (buffer.areGiven) {
        this.#stream.write(piece, () => {
          releaseMemory(piece);
        });
      } else this.#stream.write(piece);
    }
  }

  #onData(chunk: Buffer): void {
    let rest = chunk;
    while (!this.#closed && rest.byteLength > 0) {
      rest = this.#arriving === null ? this.#readHead(rest) : this.#fill(this.#arriving, rest);
    }
    if (this.#head === null) releaseMemory(chunk);
  }

  /** Takes the head of the next message, or all of `chunk` while more of the head is to come. Returns what is left. */
  #readHead(chunk: Buffer): Buffer {
    const data = this.#head === null ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = null;
    const headLength = lengthOfHead(data);
    if (headLength === "too long") {
      this.close();
      return nothing;
    }
    if (headLength === "cut" || data.byteLength < headLength) {
      this.#head = data;
      return nothing;
    }
    const count = data.readUInt32LE(8);
    const text = readText(data, { count, headLength });
    if (count === 0) {
      this.onBatch(text, []);
      return data.subarray(headLength);
    }
    const buffers: Buffer[] = [];
    for (let index = 0; index < count; index += 1) {
      // Not from the pool, and filled before anybody sees it.
      buffers.push(Buffer.allocUnsafeSlow(data.readUInt32LE(headerBytes + 4 * index)));
    }
    this.#arriving = { text, buffers, index: 0, filled: 0 };
    return this.#fill(this.#arriving, data.subarray(headLength));
  }

  /** Copies into the message's buffers, and delivers it when they are full. Returns what is left. */
  #fill(arriving: Arriving, chunk: Buffer): Buffer {
    let at = 0;
    for (let target = arriving.buffers[arriving.index]; target !== undefined;) {
      const copied = chunk.copy(target, arriving.filled, at);
      at += copied;
      arriving.filled += copied;
      if (arriving.filled < target.byteLength) return nothing;
      arriving.filled = 0;
      arriving.index += 1;
      target = arriving.buffers[arriving.index];
    }
    this.#arriving = null;
    this.onBatch(arriving.text, arriving.buffers);
    return chunk.subarray(at);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose();
  }
}

const nothing = Buffer.alloc(0);

/** Bytes before the first buffer. */
function lengthOfHead(data: Buffer): number | "cut" | "too long" {
  if (data.byteLength < headerBytes) return "cut";
  const payloadBytes = data.readUInt32LE(0);
  if (headerBytes + payloadBytes > messageBytesMax) return "too long";
  const count = data.readUInt32LE(8);
  const textField = data.readUInt32LE(4);
  const textBytes = textField >= wideFlag ? (textField - wideFlag) * 2 : textField;
  const length = headerBytes + 4 * count + textBytes;
  if (length > headerBytes + payloadBytes) return "too long";
  return length;
}

function readText(data: Buffer, head: { readonly count: number; readonly headLength: number }): string {
  const wide = data.readUInt32LE(4) >= wideFlag;
  return data.toString(wide ? "utf16le" : "latin1", headerBytes + 4 * head.count, head.headLength);
}

function bytesOf(buffer: Sendable): number {
  if (buffer instanceof Uint8Array) return buffer.byteLength;
  return buffer.pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function encodeHead(text: string, buffers: readonly Sendable[]): Buffer {
  const wide = beyondLatin1.test(text);
  const textBytes = wide ? text.length * 2 : text.length;
  const start = headerBytes + 4 * buffers.length;
  const head = Buffer.allocUnsafe(start + textBytes);
  let bodyBytes = 0;
  for (const [index, buffer] of buffers.entries()) {
    const length = bytesOf(buffer);
    head.writeUInt32LE(length, headerBytes + 4 * index);
    bodyBytes += length;
  }
  head.writeUInt32LE(start - headerBytes + textBytes + bodyBytes, 0);
  head.writeUInt32LE(wide ? text.length + wideFlag : text.length, 4);
  head.writeUInt32LE(buffers.length, 8);
  if (wide) head.write(text, start, "utf16le");
  else head.write(text, start, "latin1");
  return head;
}

function ignoreBatch(): void {}
function ignoreClose(): void {}
