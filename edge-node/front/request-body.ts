/**
 * A request's body from the socket as a pulled stream: bounded in size, slowing the client when the reader is slow.
 *
 * Knows uWebSockets' rules: chunks are lent for the time of the callback, and the response object may not be touched once it is over.
 * Invariant: the stream ends only when the client's message did; a client that goes away or sends too much makes the reader throw.
 */
import type { Body } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import type { UwsResponse } from "../uws.ts";

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
  #received = 0;
  #paused = false;
  #isComplete = false;
  /** The response may not be touched any more, or nobody reads. */
  #isReleased = false;

  /** Must be called within the request's handler. */
  constructor(response: UwsResponse, lengthBytes: number | undefined) {
    this.#response = response;
    this.#lengthBytes = lengthBytes;
    const source = {
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      cancel: () => this.#resume(),
    };
    this.#queue = new ByteQueue(source, { bytesMax: messageLimits.bodyWindowBytes });
    response.onData((chunk, isLast) => this.#receive(chunk, isLast));
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
    if (!this.#isReleased && chunk.byteLength > 0) this.#queue.push(new Uint8Array(chunk.slice(0)));
    if (!isLast) return;
    this.#isComplete = true;
    this.#queue.end();
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
