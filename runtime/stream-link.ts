/**
 * A link over a byte stream between two processes: everything sent in one tick is one message.
 *
 * Message: payload length, text length (in characters, highest bit: two bytes each), number of buffers, length of each buffer (all u32 LE),
 * then text and buffers. It knows neither sockets nor processes: the stream is injected.
 */
import type { Duplex } from "node:stream";
import type { Link } from "./link.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";

const headerBytes = 12;
const wideFlag = 0x8000_0000;
const messageBytesMax = 512 * 1024 * 1024;
// eslint-disable-next-line no-control-regex -- asks whether any character needs two bytes
const beyondLatin1 = /[^\0-\xff]/;

export class StreamLink implements Link {
  onBatch: (batch: string, buffers: readonly Uint8Array[]) => void = ignoreBatch;
  onClose: () => void = ignoreClose;
  readonly #stream: Duplex;
  readonly #environment: Pick<RuntimeEnvironment, "afterTick">;
  #text = "";
  #buffers: Uint8Array[] = [];
  #scheduled = false;
  #chunks: Buffer[] = [];
  #held = 0;
  #needed = headerBytes;
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

  send(batch: string, buffers: readonly Uint8Array[]): void {
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
    for (const buffer of buffers) this.#stream.write(buffer);
    this.#stream.uncork();
  }

  #onData(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.byteLength;
    while (!this.#closed && this.#held >= this.#needed) {
      const data =
        this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
      const total = headerBytes + data.readUInt32LE(0);
      if (total > messageBytesMax) {
        this.close();
        return;
      }
      if (data.byteLength < total) {
        this.#chunks = [data];
        this.#needed = total;
        return;
      }
      this.#chunks = data.byteLength === total ? [] : [data.subarray(total)];
      this.#held = data.byteLength - total;
      this.#needed = headerBytes;
      this.#deliver(data.subarray(0, total));
    }
  }

  #deliver(message: Buffer): void {
    const textField = message.readUInt32LE(4);
    const count = message.readUInt32LE(8);
    const wide = textField >= wideFlag;
    const chars = wide ? textField - wideFlag : textField;
    let at = headerBytes + 4 * count;
    const textEnd = at + (wide ? chars * 2 : chars);
    const text = wide ? message.toString("utf16le", at, textEnd) : message.toString("latin1", at, textEnd);
    at = textEnd;
    const buffers: Uint8Array[] = [];
    for (let index = 0; index < count; index += 1) {
      const length = message.readUInt32LE(headerBytes + 4 * index);
      buffers.push(message.subarray(at, at + length));
      at += length;
    }
    this.onBatch(text, buffers);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose();
  }
}

function encodeHead(text: string, buffers: readonly Uint8Array[]): Buffer {
  const wide = beyondLatin1.test(text);
  const textBytes = wide ? text.length * 2 : text.length;
  const start = headerBytes + 4 * buffers.length;
  const head = Buffer.allocUnsafe(start + textBytes);
  let bodyBytes = 0;
  for (const [index, buffer] of buffers.entries()) {
    head.writeUInt32LE(buffer.byteLength, headerBytes + 4 * index);
    bodyBytes += buffer.byteLength;
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
