/**
 * Sends one answer over a stream of Node.js (an HTTP/1.1 response or an HTTP/2 stream): head, then the body no faster than the client takes it.
 *
 * What differs between the two is behind `AnswerStream`. Invariants, as for plain connections (send-answer.ts): a body that breaks off or has
 * another length than it said is broken off visibly; the stream is not touched after it ended or its client left.
 */
import type { Writable } from "node:stream";
import { forEachHeader, type HeaderText } from "../../sdk/header-text.ts";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { bodyLengthBytes } from "../pipeline/body-length.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import { sentFields, type ResponseMessage } from "../pipeline/exchange.ts";
import type { AnswerSink, SendOptions, Transport } from "./request-intake.ts";
import { isOwnField } from "../pipeline/written-fields.ts";
import { contained } from "./contained.ts";
import { chunksOf, headLength } from "./send-answer.ts";
import type { StreamBody } from "./stream-body.ts";

/** How a protocol writes what HTTP says. */
export interface AnswerStream {
  readonly writable: Writable;
  readonly transport: Transport;
  /** Its bytes go out now; over HTTP/1.1 an answer may have to wait for those before it. */
  readonly isSending: boolean;
  /** `fields`: names and values in turns, framing and connection fields left out. Undefined length: not known, or nothing to say. */
  writeHead(
    status: number,
    head: { readonly fields: readonly string[]; readonly lengthBytes: number | undefined; readonly isLast: boolean },
  ): void;
  /** A head before the answer's own (RFC 9110 §15.2); `fields` as above. */
  writeInformation(status: number, fields: readonly string[]): void;
  /** The client sees that the answer is not whole. */
  breakOff(): void;
  /** The answer ended before the request's body did, which nobody will read. */
  leaveRequest(): void;
}

/** Bytes handed over at once. */
const PIECE_BYTES = 65_536;

export class StreamSink implements AnswerSink {
  readonly isLast: boolean;
  sentBytes: number = 0;
  readonly upgrade: AnswerSink["upgrade"];
  /** Told once when the client goes away before the answer ended. */
  exchange: { abort(): void } | null = null;
  readonly #stream: AnswerStream;
  readonly #requestBody: StreamBody | null;
  readonly #clock: Clock;
  /** Of the answer's body, which may be silent for long. */
  #source: AsyncIterator<Uint8Array> | null = null;
  #isOver = false;
  #wake: (() => void) | null = null;
  #cancelLast: CancelTimer | null = null;

  constructor(
    stream: AnswerStream,
    options: {
      readonly requestBody: StreamBody | null;
      readonly isLast: boolean;
      readonly upgrade: AnswerSink["upgrade"];
      readonly clock: Clock;
      readonly logger: Logger;
    },
  ) {
    this.#stream = stream;
    this.#requestBody = options.requestBody;
    this.isLast = options.isLast;
    this.upgrade = options.upgrade;
    this.#clock = options.clock;
    const { writable } = stream;
    const terms = { logger: options.logger, lose: () => stream.breakOff() };
    const wakeUp = contained(() => this.#wakeUp(), terms);
    const closed = contained(() => this.#closed(), terms);
    writable.on("drain", wakeUp).on("close", closed);
    // What went wrong is told by the close event.
    writable.on("error", () => {});
  }

  get transport(): Transport {
    return this.#stream.transport;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The answer goes another way from here on. */
  detach(): void {
    this.#isOver = true;
  }

  /** Sends what the origin says before its answer: 102 and 103, the others are of a connection. */
  inform(status: number, headers: HeaderText): void {
    if (this.#isOver || (status !== 102 && status !== 103)) return;
    this.#stream.writeInformation(status, fieldsOf(headers));
  }

  send(answer: ResponseMessage, { method, isLast }: SendOptions): Promise<void> | null {
    const { body, status } = answer;
    if (this.#isOver) return discardBody(body);
    const fields = fieldsOf(sentFields(answer));
    if (method === "HEAD" || status === 204 || status === 304) {
      const lengthBytes = method === "HEAD" && status !== 204 ? headLength(answer) : undefined;
      this.#stream.writeHead(status, { fields, lengthBytes, isLast });
      this.#end(undefined);
      return discardBody(body);
    }
    const lengthBytes = bodyLengthBytes(body);
    this.#stream.writeHead(status, { fields, lengthBytes, isLast });
    if (body.kind === "empty") this.#end(undefined);
    else if (body.kind === "text") this.#end(Buffer.from(body.text));
    else if (body.kind === "bytes" && body.bytes.byteLength <= PIECE_BYTES) this.#end(body.bytes);
    else return this.#sendStream(answer, lengthBytes);
    return null;
  }

  async #sendStream({ body }: ResponseMessage, total: number | undefined): Promise<void> {
    const source = chunksOf(body)[Symbol.asyncIterator]();
    this.#source = source;
    let sent = 0;
    try {
      for (let item = await source.next(); item.done !== true && !this.#isOver; item = await source.next()) {
        sent += item.value.byteLength;
        if (total !== undefined && sent > total) break;
        await this.#write(item.value);
      }
    } catch {
      this.#breakOff();
      return;
    }
    if (!this.#isOver && (total === undefined || sent === total)) {
      this.#end(undefined);
      return;
    }
    this.#breakOff();
    await source.return?.();
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength && !this.#isOver; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      this.sentBytes += piece.byteLength;
      const hasRoom = this.#stream.writable.write(piece);
      if (!hasRoom) await this.#drained();
    }
  }

  /** A client that takes nothing for too long is given up. */
  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const cancel = this.#clock.after(tlsLimits.stalledMs, () => this.#breakOff());
    await promise;
    cancel();
  }

  #end(last: Uint8Array | undefined): void {
    this.#isOver = true;
    const { writable } = this.#stream;
    const isEarly = this.#requestBody !== null && !this.#requestBody.isComplete;
    this.#requestBody?.release();
    if (last === undefined) writable.end();
    else {
      this.sentBytes += last.byteLength;
      writable.end(last);
    }
    // Nobody waits for the last bytes; a client that does not take them is given up like one in the middle.
    if (this.#stream.isSending && !writable.writableFinished && !writable.closed) {
      this.#cancelLast = this.#clock.after(tlsLimits.stalledMs, () => this.#stream.breakOff());
    }
    if (isEarly) this.#stream.leaveRequest();
  }

  #breakOff(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#requestBody?.release();
    this.#stream.breakOff();
    this.#wakeUp();
  }

  #closed(): void {
    this.#cancelLast?.();
    this.#wakeUp();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#requestBody?.abort();
    this.exchange?.abort();
    void this.#source?.return?.().catch(() => undefined);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

/** Names and values in turns, without what the protocol writes itself. */
export function fieldsOf(headers: HeaderText): readonly string[] {
  const fields: string[] = [];
  forEachHeader(headers, (name, value) => {
    if (!isOwnField(name)) fields.push(name, value);
  });
  return fields;
}
