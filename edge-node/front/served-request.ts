/**
 * The socket's side of one request: whether its client is still there, and writing to it no faster than it reads.
 *
 * Invariant: the uWebSockets response is never touched after it ended or was aborted; after either, `isOver` is true for good.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { HeaderText } from "../../sdk/header-text.ts";
import { connectionLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { AddressSource, ResponseMessage } from "../pipeline/exchange.ts";
import type { UwsResponse } from "../uws.ts";
import { clientAddress } from "./client-address.ts";
import type { RequestBody } from "./request-body.ts";
import type { AnswerSink, SendOptions, Transport } from "./request-intake.ts";
import { sendAnswer, writeInformation } from "./send-answer.ts";

const plain: Transport = { protocol: "http/1.1", tls: null };

/** What all requests of the plain port share. */
export interface SendingTerms {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly counts: SendingCounts;
  readonly logger: Logger;
}

export interface SendingCounts {
  /** Clients that took no byte for too long. */
  stalled: number;
}

interface PendingWrite {
  /** What tryEnd did not take, and where it begins in the whole body. */
  readonly chunk: Uint8Array;
  readonly offset: number;
  readonly total: number;
}

export class ServedRequest implements AnswerSink, AddressSource {
  readonly response: UwsResponse;
  readonly requestBody: RequestBody | null;
  /** The client leaves after this answer. */
  readonly isLast: boolean;
  /** It asked for that in the words that the library knows, and acts upon by itself. */
  readonly isClosedByLibrary: boolean;
  sentBytes: number = 0;
  readonly transport: Transport = plain;
  /** Set when the client asked for a WebSocket. */
  upgrade: AnswerSink["upgrade"] = null;
  /** Told once when the client goes away before the answer ended. */
  exchange: { abort(): void } | null = null;
  /** Told with it: the source of the answer's body, which may be silent for long. */
  source: { giveUp(): void } | null = null;
  #isOver = false;
  #isInHandler = true;
  #hasInformed = false;
  #listens = false;
  #pending: PendingWrite | null = null;
  #wake: (() => void) | null = null;

  #cancelStall: CancelTimer | null = null;
  readonly #terms: SendingTerms;

  /** Must be made within the request's handler. */
  constructor(
    response: UwsResponse,
    options: {
      readonly requestBody: RequestBody | null;
      readonly isLast: boolean;
      /** Default false. */
      readonly isClosedByLibrary?: boolean;
      readonly terms: SendingTerms;
    },
  ) {
    this.response = response;
    this.#terms = options.terms;
    this.requestBody = options.requestBody;
    this.isLast = options.isLast;
    this.isClosedByLibrary = options.isClosedByLibrary === true;
  }

  /** To be called at the end of the request's handler when the answer has not ended: from then on the client may go away. */
  outliveHandler(): void {
    this.#isInHandler = false;
    this.response.onAborted(() => this.#aborted());
  }

  /** Within the handler the library gathers all that is written anyway. */
  get isCorked(): boolean {
    return this.#isInHandler;
  }

  clientIp(): string {
    return clientAddress(this.response.getRemoteAddress());
  }

  /**
   * An answer that ends the connection waits for the next turn of the event loop: the library would take what else it has read for requests,
   * and have them answered to nobody. While an answer is owed it ends the connection instead.
   */
  send(answer: ResponseMessage, options: SendOptions): Promise<void> | null {
    return options.isLast ? this.#sendLast(answer, options) : sendAnswer(this, answer, options);
  }

  async #sendLast(answer: ResponseMessage, options: SendOptions): Promise<void> {
    await nextTurn();
    await sendAnswer(this, answer, options);
  }

  /** The status line of the answer must follow on one that came before. */
  get hasInformed(): boolean {
    return this.#hasInformed;
  }

  /** Sends what the origin says before its answer: 102 and 103, the others are of a connection. */
  inform(status: number, headers: HeaderText): void {
    if (this.#isOver || (status !== 102 && status !== 103)) return;
    const isFirst = !this.#hasInformed;
    this.#hasInformed = true;
    this.response.cork(() => writeInformation(this.response, { status, headers, isFirst }));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** To be called just before the call that ends the response. Returns whether the connection must be closed with it. */
  ending(): boolean {
    this.requestBody?.release();
    this.#isOver = true;
    return this.isEarly;
  }

  /**
   * Whether the connection should end with an answer that is `bytes` long and has no body. The library does not tell whether a client takes such
   * answers, and would keep what it does not take: the more of them, the likelier one is the last.
   */
  endsWith(bytes: number): boolean {
    return this.#terms.random() < bytes / connectionLimits.unreadHeadBytes;
  }

  /** The answer is written, and its client told to leave; the library does not know, so that it takes no further request. */
  leave(): void {
    this.requestBody?.release();
    this.#cancelStall = this.#terms.clock.after(connectionLimits.leaveMs, () => {
      if (!this.#isOver) this.response.close();
    });
  }

  /**
   * Sends a whole body; null when it was taken at once. What the client does not take makes the answer wait, so that no more requests are read
   * from its connection: the library ends it when one comes. Of lent bytes what the client did not take is copied before this returns.
   */
  endWhole(
    content: string | Uint8Array,
    { total, isLent }: { readonly total: number; readonly isLent: boolean },
  ): Promise<void> | null {
    this.requestBody?.release();
    const [, isDone] = this.response.tryEnd(content, total);
    if (isDone) {
      this.#isOver = true;
      return null;
    }
    const chunk = typeof content === "string" ? Buffer.from(content) : content;
    if (isLent) {
      const offset = this.response.getWriteOffset();
      this.#pending = { chunk: Uint8Array.prototype.slice.call(chunk, offset), offset, total };
    } else {
      this.#pending = { chunk, offset: 0, total };
    }
    return this.#drained();
  }

  /** The request's body has not come to its end. */
  get isEarly(): boolean {
    return this.requestBody !== null && !this.requestBody.isComplete;
  }

  /** Breaks the connection: the client sees that the answer is not whole. */
  breakOff(): void {
    if (this.#isOver) return;
    this.requestBody?.release();
    this.response.close();
  }

  /** Sends a chunk of a chunked answer; resolves when more may follow. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    let hasRoom = true;
    this.response.cork(() => {
      hasRoom = this.response.write(chunk);
    });
    if (!hasRoom) await this.#drained();
  }

  /** Sends the next chunk of an answer of `total` bytes; resolves when more may follow. The last one ends the response. */
  async writeSized(chunk: Uint8Array, total: number): Promise<void> {
    if (this.#isOver) return;
    const offset = this.response.getWriteOffset();
    let result: [boolean, boolean] = [true, false];
    if (offset + chunk.byteLength >= total) this.requestBody?.release();
    this.response.cork(() => {
      result = this.response.tryEnd(chunk, total);
    });
    const [isTaken, isDone] = result;
    if (isDone) this.#isOver = true;
    else if (!isTaken) {
      this.#pending = { chunk, offset, total };
      await this.#drained();
    }
  }

  #drained(): Promise<void> {
    if (!this.#listens) {
      this.#listens = true;
      this.response.onWritable((offset) => this.#writable(offset));
    }
    this.#awaitClient();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** A client that takes nothing for too long is given up; the library itself would wait for ever. */
  #awaitClient(): void {
    this.#cancelStall?.();
    this.#cancelStall = this.#terms.clock.after(connectionLimits.stalledMs, () => {
      this.#cancelStall = null;
      if (this.#isOver) return;
      this.#terms.counts.stalled++;
      this.breakOff();
    });
  }

  #writable(offset: number): boolean {
    if (this.#pending !== null) {
      const { chunk, offset: start, total } = this.#pending;
      const [isTaken, isDone] = this.response.tryEnd(chunk.subarray(offset - start), total);
      if (isDone) this.#isOver = true;
      if (!isTaken && !isDone) {
        // It took some of it.
        this.#awaitClient();
        return false;
      }
      this.#pending = null;
    }
    this.#wakeUp();
    return true;
  }

  #aborted(): void {
    this.#isOver = true;
    this.#pending = null;
    this.requestBody?.abort();
    this.#wakeUp();
    try {
      this.exchange?.abort();
      this.source?.giveUp();
    } catch (error) {
      // There is no connection any more that this could cost.
      this.#terms.logger.error({ err: error }, "listener.failed");
    }
  }

  #wakeUp(): void {
    this.#cancelStall?.();
    this.#cancelStall = null;
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
