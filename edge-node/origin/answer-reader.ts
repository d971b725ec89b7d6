/**
 * The answers of one connection, from the socket's reads to heads and pieces of bodies (RFC 9112 §6.3 says where each body ends).
 *
 * Knows no socket and no time. Invariants: a piece handed out is memory of the read, to be copied before the next; what follows on the end of an answer
 * is never part of anything; a body without framing is whole only when the connection ended by itself.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { AnswerHead, AnswerHeadParser, AnswerRefused } from "./answer-head-parser.ts";
import { ChunkedReader } from "./chunked-reader.ts";

export interface AnswerReceiver {
  informed(head: AnswerHead): void;
  /** `lengthBytes`: of the body; undefined: it is known at its end. */
  answered(head: AnswerHead, lengthBytes: number | undefined): void;
  /** `bytes[from..to)` of the body, not empty. */
  data(bytes: Buffer, from: number, to: number): void;
}

/** What one read came to. */
export type ReadOutcome =
  | { readonly kind: "more" }
  /** The answer is whole. `isClean`: nothing follows, and its framing leaves no doubt about that. */
  | { readonly kind: "over"; readonly isClean: boolean }
  | AnswerRefused;

/** A status line's reason says nothing; what is too long of it is dropped while its end is waited for. */
const STATUS_LINE_BYTES_MAX = 4_096;
const CR = 13;
const LF = 10;

const more: ReadOutcome = { kind: "more" };
const over: ReadOutcome = { kind: "over", isClean: true };
const overWithMore: ReadOutcome = { kind: "over", isClean: false };

export class AnswerReader {
  readonly #parser: AnswerHeadParser;
  readonly #chunked = new ChunkedReader();
  #state: "head" | "length" | "chunked" | "until-end" | "over" = "over";
  #method = "";
  #informational = 0;
  /** The beginning of a head that came in pieces. */
  #begun: Buffer | null = null;
  /** Bytes of the body that have not come yet. */
  #left = 0;
  /** The head says of a body that cannot be that it is there. */
  #isOdd = false;

  constructor(parser: AnswerHeadParser) {
    this.#parser = parser;
  }

  /** Expects the answer to a request. */
  begin(method: string): void {
    this.#state = "head";
    this.#method = method;
    this.#informational = 0;
    this.#isOdd = false;
  }

  /** Takes `bytes[0..length)`, which it may change. */
  read(received: Buffer, length: number, receiver: AnswerReceiver): ReadOutcome {
    if (this.#state !== "head") return this.#body(received, { from: 0, to: length }, receiver);
    let at = 0;
    if (this.#begun === null) {
      while (at < length && (received[at] === CR || received[at] === LF)) at++;
      if (at === length) return more;
    } else if (!this.#mayTellMore(received, length)) return more;
    const { bytes, to } = this.#joined(received, length);
    for (;;) {
      const head = this.#parser.parse(bytes, at, to);
      if (head.kind === "refused") return head;
      if (head.kind === "incomplete") return this.#keep(bytes, at, to);
      at = head.end;
      if (head.status >= 200) return this.#open(head, { bytes, at, to }, receiver);
      const refused = this.#inform(head, receiver);
      if (refused !== null) return refused;
      if (at === to) return more;
    }
  }

  /** The connection ended by itself. Whether the answer is whole with that. */
  ended(): boolean {
    const isWhole = this.#state === "until-end";
    this.#state = "over";
    return isWhole;
  }

  /** A piece of a head without a line's end cannot complete it: many small pieces must not be looked at again and again. */
  #mayTellMore(received: Buffer, length: number): boolean {
    const begun = this.#begun as Buffer;
    const found = received.indexOf(LF);
    if (found >= 0 && found < length) return true;
    const isStatusLine = !begun.includes(LF);
    const total = begun.byteLength + length;
    if (total > messageLimits.headerBytesMax && !isStatusLine) return true;
    const kept = isStatusLine && total > STATUS_LINE_BYTES_MAX ? begun.subarray(0, STATUS_LINE_BYTES_MAX / 2) : begun;
    const piece = kept === begun ? received.subarray(0, length) : received.subarray(length - 1, length);
    this.#begun = Buffer.concat([kept, piece]);
    return false;
  }

  #joined(received: Buffer, length: number): { readonly bytes: Buffer; readonly to: number } {
    if (this.#begun === null) return { bytes: received, to: length };
    const bytes = Buffer.concat([this.#begun, received.subarray(0, length)]);
    this.#begun = null;
    return { bytes, to: bytes.byteLength };
  }

  #keep(bytes: Buffer, from: number, to: number): ReadOutcome {
    this.#begun = Buffer.from(bytes.subarray(from, to));
    return more;
  }

  #inform(head: AnswerHead, receiver: AnswerReceiver): AnswerRefused | null {
    // Nobody asks for another protocol here.
    if (head.status === 101) return refused("another protocol that was not asked for");
    if (++this.#informational > originLimits.informationalMax) return refused("too many informational answers");
    // Nobody waits with a body to be told to go on, and yet it may be said (RFC 9110 §15.2).
    if (head.status !== 100) receiver.informed(head);
    return null;
  }

  #open(
    head: AnswerHead,
    { bytes, at, to }: { readonly bytes: Buffer; readonly at: number; readonly to: number },
    receiver: AnswerReceiver,
  ): ReadOutcome {
    const { status, lengthBytes, isChunked } = head;
    const isBodiless = this.#method === "HEAD" || status === 204 || status === 304;
    this.#isOdd = status === 204 && (isChunked || (lengthBytes ?? 0) > 0);
    if (isBodiless || lengthBytes === 0) {
      receiver.answered(head, 0);
      return this.#over(at, to);
    }
    if (isChunked) {
      this.#state = "chunked";
      this.#chunked.begin();
    } else {
      this.#state = lengthBytes === undefined ? "until-end" : "length";
      this.#left = lengthBytes ?? 0;
    }
    receiver.answered(head, lengthBytes);
    return at === to ? more : this.#body(bytes, { from: at, to }, receiver);
  }

  #body(
    bytes: Buffer,
    { from, to }: { readonly from: number; readonly to: number },
    receiver: AnswerReceiver,
  ): ReadOutcome {
    switch (this.#state) {
      case "length": {
        const end = Math.min(to, from + this.#left);
        this.#left -= end - from;
        receiver.data(bytes, from, end);
        return this.#left === 0 ? this.#over(end, to) : more;
      }
      case "chunked": {
        const end = this.#chunked.read(bytes, from, to);
        if (end > from) receiver.data(bytes, from, end);
        if (this.#chunked.isMalformed) return refused("chunks outside the grammar");
        return this.#chunked.isOver ? this.#over(this.#chunked.readTo, to) : more;
      }
      case "until-end":
        receiver.data(bytes, from, to);
        return more;
      default:
        return refused("an answer that nobody asked for");
    }
  }

  #over(at: number, to: number): ReadOutcome {
    this.#state = "over";
    return at === to && !this.#isOdd ? over : overWithMore;
  }
}

function refused(message: string): AnswerRefused {
  return { kind: "refused", code: "ORIGIN_MALFORMED", message };
}
