/**
 * The two ends of one codec. Reading drives it: each pull makes the host compute until there is one chunk, so that what comes out waits on
 * the host, bounded, and data that would expand without end expands only as far as it is read.
 *
 * To the outside it is a TransformStream with the default strategies: a write ends when its bytes were used, and a failure, cancel()
 * or abort() of one side ends the other and the codec. It is no TransformStream because a transformer cannot wait for its reader.
 */
import { compressionLimits } from "../../../../sdk/limits.ts";
import type { CodecDirection, CompressionFormat } from "../../compression-protocol.ts";
import { copyBytes, isArrayBuffer, isArrayBufferView, isBufferSource } from "../../web/encoding/buffer-source.ts";
import {
  type ReadableStream,
  type ReadableStreamDefaultController,
  streams,
  type WritableStream,
  type WritableStreamDefaultController,
} from "../../web/streams/streams.ts";
import { HostCodec } from "./host-codec.ts";

type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;
type Chunk = Uint8Array<ArrayBuffer>;

export class CodecPair {
  readonly readable: ReadableStream<Chunk>;
  readonly writable: WritableStream<BufferSource>;
  readonly #codec: HostCodec;
  /** What is left of the chunk being written, in parts that may cross at once. */
  #input: ArrayBuffer[] = [];
  #isLast = false;
  #hasMore = false;
  #isOver = false;
  /** The write or close under way. */
  #written: PromiseWithResolvers<void> | null = null;
  /** A pull that waits for a write. */
  #wanted: PromiseWithResolvers<void> | null = null;
  #sink: WritableStreamDefaultController | null = null;
  #source: ReadableStreamDefaultController<Chunk> | null = null;

  constructor(direction: CodecDirection, format: CompressionFormat) {
    this.#codec = new HostCodec(direction, format);
    this.writable = new (streams().WritableStream)<BufferSource>({
      start: (controller) => {
        this.#sink = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#close(),
      abort: (reason) => {
        this.#fail(reason);
      },
    });
    this.readable = new (streams().ReadableStream)<Chunk>(
      {
        start: (controller) => {
          this.#source = controller;
        },
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          this.#fail(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #write(chunk: unknown): Promise<void> {
    if (!isBufferSource(chunk) || (isArrayBufferView(chunk) && !isArrayBuffer(chunk.buffer))) {
      const error = new TypeError("Cannot use the chunk: it is not an ArrayBuffer or a view of one");
      this.#fail(error);
      throw error;
    }
    // Copied now: whoever wrote it may change or transfer it before it is used up.
    this.#input = partsOf(copyBytes(chunk));
    if (this.#input.length === 0) return;
    await this.#offer();
  }

  async #close(): Promise<void> {
    this.#isLast = true;
    await this.#offer();
  }

  /** Resolves when the codec used what there is. */
  #offer(): Promise<void> {
    this.#written = Promise.withResolvers();
    this.#wanted?.resolve();
    this.#wanted = null;
    return this.#written.promise;
  }

  /** Works until there is one chunk, or the end. */
  async #pull(controller: ReadableStreamDefaultController<Chunk>): Promise<void> {
    try {
      while (!this.#isOver) {
        if (!this.#hasMore && this.#written === null) {
          this.#wanted = Promise.withResolvers();
          await this.#wanted.promise;
          continue;
        }
        const output = await this.#step();
        if (this.#isOver) return;
        if (output === "end") {
          this.#isOver = true;
          controller.close();
          this.#accept();
          return;
        }
        if (output === null) continue;
        controller.enqueue(output);
        return;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #step(): Promise<Chunk | null | "end"> {
    const input = this.#hasMore ? null : (this.#input.shift() ?? null);
    const isLast = this.#isLast && this.#input.length === 0;
    const { state, output } = await this.#codec.step(input, { isLast });
    this.#hasMore = state === "more";
    if (state === "ended") return "end";
    if (state === "hungry" && this.#input.length === 0 && !this.#isLast) this.#accept();
    return output;
  }

  #accept(): void {
    this.#written?.resolve();
    this.#written = null;
  }

  /** Both sides end with `reason`; harmless for a side that has ended. */
  #fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#input = [];
    this.#codec.close();
    this.#source?.error(reason);
    this.#sink?.error(reason);
    this.#written?.reject(reason);
    this.#written = null;
    this.#wanted?.resolve();
    this.#wanted = null;
  }
}

function partsOf(bytes: Chunk): ArrayBuffer[] {
  if (bytes.byteLength === 0) return [];
  if (bytes.byteLength <= compressionLimits.chunkBytesMax) return [bytes.buffer];
  const parts: ArrayBuffer[] = [];
  for (let at = 0; at < bytes.byteLength; at += compressionLimits.chunkBytesMax) {
    parts.push(bytes.buffer.slice(at, at + compressionLimits.chunkBytesMax));
  }
  return parts;
}
