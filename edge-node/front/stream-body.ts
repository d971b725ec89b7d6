/**
 * A request's body from a stream of Node.js as a pulled one: bounded in size, slowing the client when the reader is slow.
 *
 * Invariant: it ends only when the client's message did; a client that goes away, is too slow or sends too much makes the reader throw.
 */
import type { Readable } from "node:stream";
import type { Body } from "../../runtime/body.ts";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import { contained } from "./contained.ts";
import { RequestBodyError } from "./request-body.ts";

export interface StreamBodyOptions {
  readonly lengthBytes: number | undefined;
  /** Asked when the stream ended: whether the client's message did, too. */
  readonly isWhole: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class StreamBody {
  readonly #stream: Readable;
  readonly #options: StreamBodyOptions;
  readonly #queue: ByteQueue;
  #received = 0;
  #isComplete = false;
  #isDropping = false;
  #isPaused = false;
  /** What came in this period, and whether the client was asked to wait in it. */
  #periodBytes = 0;
  #hasPaused = false;
  #cancelCheck: CancelTimer = () => {};

  constructor(stream: Readable, options: StreamBodyOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#queue = new ByteQueue(
      { pause: () => this.#pause(), resume: () => this.#resume(), cancel: () => this.release() },
      { bytesMax: messageLimits.bodyWindowBytes },
    );
    const terms = { logger: options.logger, lose: () => void stream.destroy() };
    const receive = contained((chunk: Buffer) => this.#receive(chunk), terms);
    const end = contained(() => this.#ended(), terms);
    const abort = contained(() => this.abort(), terms);
    stream.on("data", receive).on("end", end).on("error", abort).on("close", abort);
    this.#watch();
  }

  get body(): Body {
    return { kind: "stream", chunks: this.#queue, lengthBytes: this.#options.lengthBytes };
  }

  /** The whole message was received. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The client went away. Harmless after the end. */
  abort(): void {
    this.#cancelCheck();
    this.#queue.fail(new RequestBodyError("REQUEST_ABORTED"));
  }

  /** Nobody reads any more: what still comes is dropped. */
  release(): void {
    this.#isDropping = true;
    this.#resume();
  }

  #receive(chunk: Buffer): void {
    this.#periodBytes += chunk.byteLength;
    this.#received += chunk.byteLength;
    if (this.#received > messageLimits.requestBodyBytesMax) {
      this.#queue.fail(new RequestBodyError("REQUEST_BODY_TOO_LARGE"));
      this.#isDropping = true;
    } else if (!this.#isDropping) this.#queue.push(chunk);
  }

  #ended(): void {
    this.#cancelCheck();
    if (!this.#options.isWhole()) return this.abort();
    this.#isComplete = true;
    this.#queue.end();
  }

  /** A client that is not asked to wait and sends next to nothing is given up. */
  #watch(): void {
    this.#cancelCheck = this.#options.clock.after(tlsLimits.bodyPeriodMs, () => {
      if (!this.#hasPaused && this.#periodBytes < tlsLimits.bodyPeriodBytesMin) return this.abort();
      this.#periodBytes = 0;
      this.#hasPaused = this.#isPaused;
      this.#watch();
    });
  }

  #pause(): void {
    if (this.#isPaused || this.#isDropping || this.#isComplete) return;
    this.#isPaused = true;
    this.#hasPaused = true;
    this.#stream.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
  }
}
