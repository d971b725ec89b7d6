/**
 * The body of an answer that Node.js' own HTTP client received, as a pulled one.
 *
 * Invariant: it ends only when the server's message did; a server that breaks off, or sends nothing for too long while it is read, makes the reader
 * throw, and a reader that leaves closes the connection at once.
 */
import type { IncomingMessage } from "node:http";
import type { Body } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import { BodyBrokenError } from "./http-exchange.ts";

export interface ResponseBodyOptions {
  /** Between two pieces. */
  readonly idleMs: number;
  readonly clock: Clock;
}

export class ResponseBody {
  readonly #response: IncomingMessage;
  readonly #options: ResponseBodyOptions;
  readonly #queue: ByteQueue;
  #cancelIdle: CancelTimer = () => {};

  constructor(response: IncomingMessage, options: ResponseBodyOptions) {
    this.#response = response;
    this.#options = options;
    this.#queue = new ByteQueue(
      { pause: () => this.#pause(), resume: () => this.#resume(), cancel: () => response.destroy() },
      { bytesMax: messageLimits.bodyWindowBytes },
    );
    response.on("data", (chunk: Buffer) => this.#receive(chunk));
    response.on("end", () => this.#ended());
    // What went wrong is told by the close event.
    response.on("error", () => {});
    response.on("close", () => this.#fail("ORIGIN_TRUNCATED"));
    this.#watch();
  }

  get body(): Body {
    return { kind: "stream", chunks: this.#queue, lengthBytes: undefined };
  }

  #receive(chunk: Buffer): void {
    this.#watch();
    this.#queue.push(chunk);
  }

  #ended(): void {
    if (!this.#response.complete) return this.#fail("ORIGIN_TRUNCATED");
    this.#cancelIdle();
    this.#queue.end();
  }

  /** Harmless after the end. */
  #fail(code: ErrorCode): void {
    this.#cancelIdle();
    this.#queue.fail(new BodyBrokenError(code, undefined));
    this.#response.destroy();
  }

  #pause(): void {
    this.#cancelIdle();
    this.#response.pause();
  }

  #resume(): void {
    this.#watch();
    this.#response.resume();
  }

  #watch(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#options.clock.after(this.#options.idleMs, () => this.#fail("ORIGIN_TIMEOUT"));
  }
}
