/**
 * A request's body from the socket as a pulled stream: bounded in size, slowing the client when the reader is slow.
 *
 * Knows uWebSockets' rules: chunks are lent for the time of the callback, and the response object may not be touched once it is over.
 * Invariants: the stream ends only when the client's message did; a client that goes away or sends too much makes the reader throw; nobody
 * reads a chunked body in the midst of its parsing.
 */
import { setImmediate } from "node:timers";
import type { Body } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Logger } from "../logger.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import type { UwsResponse } from "../uws.ts";
import { contained } from "./contained.ts";

/** Why a request's body broke off. */
export class RequestBodyError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode) {
    super("The request's body broke off");
    this.name = "RequestBodyError";
    this.code = code;
  }
}

export class RequestBody {
  readonly #queue: ByteQueue;
  readonly #response: UwsResponse;
  readonly #lengthBytes: number | undefined;
  readonly #deliver: () => void;
  #received = 0;
  /** Of a chunked body: what came in this turn of the event loop. */
  #arrived: Uint8Array[] = [];
  #paused = false;
  #isComplete = false;
  /** The response may not be touched any more, or nobody reads. */
  #isReleased = false;

  /** Must be called within the request's handler. */
  constructor(response: UwsResponse, options: { readonly lengthBytes: number | undefined; readonly logger: Logger }) {
    const { lengthBytes, logger } = options;
    this.#response = response;
    this.#lengthBytes = lengthBytes;
    const source = {
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      cancel: () => this.#resume(),
    };
    this.#queue = new ByteQueue(source, { bytesMax: messageLimits.bodyWindowBytes });
    const terms = { logger, lose: () => void response.close() };
    this.#deliver = contained(() => this.#handOver(), terms);
    response.onData(contained((chunk: ArrayBuffer, isLast: boolean) => this.#receive(chunk, isLast), terms));
  }

  get body(): Body {
    return { kind: "stream", chunks: this.#queue, lengthBytes: this.#lengthBytes, givesChunks: true };
  }

  /** The whole message was received. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The client went away. */
  abort(): void {
    this.#isReleased = true;
    this.#queue.fail(new RequestBodyError("REQUEST_ABORTED"));
  }

  /** To be called just before the response ends: what still comes is dropped. */
  release(): void {
    this.#resume();
    this.#isReleased = true;
  }

  #receive(chunk: ArrayBuffer, isLast: boolean): void {
    this.#received += chunk.byteLength;
    if (this.#received > messageLimits.requestBodyBytesMax) {
      this.#queue.fail(new RequestBodyError("REQUEST_BODY_TOO_LARGE"));
      return;
    }
    if (isLast) this.#isComplete = true;
    const bytes = this.#isReleased || chunk.byteLength === 0 ? null : new Uint8Array(chunk.slice(0));
    if (this.#lengthBytes === undefined) return this.#deliverLater(bytes);
    if (bytes !== null) this.#queue.push(bytes);
    if (isLast) this.#queue.end();
  }

  /**
   * The parser is lenient about chunks, so that what follows in the bytes it has read may be no request. Whoever answered now would have it take
   * one from there; an answer that is still owed makes it end the connection instead.
   */
  #deliverLater(bytes: Uint8Array | null): void {
    if (this.#arrived.length === 0) setImmediate(this.#deliver);
    this.#arrived.push(bytes ?? nothing);
  }

  #handOver(): void {
    for (const bytes of this.#arrived.splice(0)) if (bytes.byteLength > 0 && !this.#isReleased) this.#queue.push(bytes);
    if (this.#isComplete) this.#queue.end();
  }

  #pause(): void {
    if (this.#paused || this.#isReleased || this.#isComplete) return;
    this.#paused = true;
    this.#response.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#isReleased) return;
    this.#paused = false;
    this.#response.resume();
  }
}

const nothing = new Uint8Array();
