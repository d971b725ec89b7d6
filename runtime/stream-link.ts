/**
 * A link over a byte stream between two processes: everything sent in one tick is one message (message-head.ts).
 *
 * It knows neither sockets nor processes: the stream is injected, and the chunks it delivers must belong to its reader. Invariants: each buffer
 * that is delivered has memory of its own, into which it was copied once, so that the receiver may move it on; whatever comes, nothing is thrown
 * into the stream: what cannot be read, or makes its reader fail, ends the link as the other side's death does.
 */
import type { Duplex } from "node:stream";
import { HeldBytes } from "./held-bytes.ts";
import type { Link, Sendable } from "./link.ts";
import { buffersOfHead, encodeHead, headerBytes, lengthOfHead, textOfHead } from "./message-head.ts";
import { releaseMemory } from "./release-memory.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";

/** What is collected beyond leaves at once instead of at the end of the tick. */
const collectedCharsMax = 1024 * 1024;
const collectedBytesMax = 16 * 1024 * 1024;
const collectedBuffersMax = 65_536;

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
  onClose: (failure: Error | null) => void = ignoreClose;
  readonly #stream: Duplex;
  readonly #environment: Pick<RuntimeEnvironment, "afterTick">;
  #text = "";
  #buffers: Sendable[] = [];
  /** Of the buffers that were collected. */
  #bytes = 0;
  #scheduled = false;
  /** A head that has not arrived whole. */
  #held: HeldBytes | null = null;
  #arriving: Arriving | null = null;
  #closed = false;
  #heard = 0;

  constructor(stream: Duplex, environment: Pick<RuntimeEnvironment, "afterTick">) {
    this.#stream = stream;
    this.#environment = environment;
    stream.on("data", (chunk: Buffer) => {
      this.#onData(chunk);
    });
    stream.on("error", () => {
      this.#end(null);
    });
    stream.on("close", () => {
      this.#end(null);
    });
  }

  /** Signs of life of the other side: there are more when anything has come of it, be it a part of a message. */
  get heard(): number {
    return this.#heard;
  }

  send(batch: string, buffers: readonly Sendable[]): void {
    // Each batch fits in a message, all of a tick may not.
    if (this.#text.length + batch.length > collectedCharsMax || (buffers.length > 0 && !this.#hasRoom(buffers)))
      this.#flush();
    this.#text += batch;
    for (const buffer of buffers) {
      this.#buffers.push(buffer);
      this.#bytes += buffer.byteLength;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.afterTick(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  close(): void {
    this.#closed = true;
    this.#stream.destroy();
  }

  #hasRoom(buffers: readonly Sendable[]): boolean {
    let bytes = this.#bytes;
    for (const buffer of buffers) bytes += buffer.byteLength;
    return bytes <= collectedBytesMax && this.#buffers.length + buffers.length <= collectedBuffersMax;
  }

  #flush(): void {
    const text = this.#text;
    const buffers = this.#buffers;
    this.#text = "";
    this.#buffers = [];
    this.#bytes = 0;
    if ((text === "" && buffers.length === 0) || this.#closed || this.#stream.destroyed) return;
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
    this.#heard += 1;
    let rest = chunk;
    try {
      while (!this.#closed && rest.byteLength > 0) {
        rest = this.#arriving === null ? this.#readHead(rest) : this.#fill(this.#arriving, rest);
      }
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#held === null) releaseMemory(chunk);
  }

  /** Takes the head of the next message, or all of `chunk` while more of the head is to come. Returns what is left. */
  #readHead(chunk: Buffer): Buffer {
    const data = this.#held === null ? chunk : this.#held.add(chunk);
    if (data === null) return nothing;
    this.#held = null;
    const headLength = lengthOfHead(data);
    if (headLength === 0 || data.byteLength < headLength) {
      this.#held = new HeldBytes(data, headLength === 0 ? headerBytes : headLength);
      return nothing;
    }
    const text = textOfHead(data, headLength);
    const buffers = buffersOfHead(data, headLength);
    const rest = data.subarray(headLength);
    if (buffers.length === 0) {
      this.onBatch(text, []);
      return rest;
    }
    this.#arriving = { text, buffers, index: 0, filled: 0 };
    return this.#fill(this.#arriving, rest);
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

  /** What came cannot be read, or whoever was to read it failed. */
  #lose(failure: Error): void {
    this.#held = null;
    this.#arriving = null;
    this.#stream.destroy();
    this.#end(failure);
  }

  #end(failure: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose(failure);
  }
}

const nothing = Buffer.alloc(0);

function ignoreBatch(): void {}
function ignoreClose(): void {}
