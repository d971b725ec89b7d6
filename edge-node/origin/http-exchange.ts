/**
 * One HTTP request to another server and its answer.
 *
 * Knows no domain, rule or retry: it sends what it is given, and every way an exchange can go wrong is a code of the closed list. Invariants: the
 * answer's body either arrives whole or its reader throws; nothing is read ahead beyond the window; the outcome is told exactly once, and never
 * before the call that began the exchange has returned.
 */
import type { Body } from "../../runtime/body.ts";
import { emptyBody } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { ByteQueue, type ByteSource } from "../pipeline/byte-queue.ts";
import type { AnswerHead } from "./answer-head-parser.ts";
import type { ConnectionPool, PooledExchange } from "./connection-pool.ts";
import type { ExchangeProblem } from "./exchange-failure.ts";
import type { OriginConnection } from "./origin-connection.ts";
import type { RequestHead } from "./request-head.ts";

export interface ExchangeRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without hop-by-hop fields; `content-length` in it is ignored, `host` is sent as it stands. */
  readonly headers: HeaderText;
  readonly body: Body;
  /** Until the answer's head. */
  readonly headTimeoutMs: number;
  /** Between two chunks of the answer's body. */
  readonly idleTimeoutMs: number;
  /** Called once when the exchange needs its connection no longer: its answer ended, failed, or nobody wants it any more. */
  readonly onOver?: (() => void) | undefined;
  /** Called for each informational answer, which begins `headTimeoutMs` anew. */
  readonly onInformational?: ((status: number, headers: HeaderText) => void) | undefined;
  /** Told how many bytes of the answer's body came, piece by piece. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

export interface ExchangeResponse {
  readonly kind: "response";
  readonly status: number;
  readonly statusText: string;
  /** Without hop-by-hop fields. */
  readonly headers: HeaderText;
  readonly body: Body;
}

export interface ExchangeFailure {
  readonly kind: "failed";
  readonly code: ErrorCode;
  /** For logs. */
  readonly message: string;
  /** The server never saw the request: it may be sent elsewhere. */
  readonly unsent: boolean;
  /** The connection ended before an answer began, as a kept-alive connection does when the server closes it just then. */
  readonly dropped: boolean;
}

export type ExchangeResult = ExchangeResponse | ExchangeFailure;

export interface RunningExchange {
  /** Ends the exchange: the result fails with `code` (default REQUEST_ABORTED), or the body breaks off. Harmless when over. */
  abort(code?: ErrorCode): void;
}

export interface AwaitedExchange extends RunningExchange {
  /** Never rejects. */
  readonly result: Promise<ExchangeResult>;
}

/** A body that broke off after the head. */
export class BodyBrokenError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, cause: unknown) {
    super("The answer broke off", { cause });
    this.name = "BodyBrokenError";
    this.code = code;
  }
}

/** Sends the request; `settle` is called once, later. */
export function sendExchange(
  pool: ConnectionPool,
  request: ExchangeRequest,
  settle: (result: ExchangeResult) => void,
): RunningExchange {
  const exchange = new Exchange(pool, request, settle);
  if (exchange.head !== "") pool.send(exchange);
  else queueMicrotask(() => exchange.failed(unsendable));
  return exchange;
}

/** Sends the request, for those that wait for a promise. */
export function startExchange(pool: ConnectionPool, request: ExchangeRequest): AwaitedExchange {
  const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
  const running = sendExchange(pool, request, resolve);
  return { result: promise, abort: (code) => running.abort(code) };
}

class Exchange implements PooledExchange, RunningExchange, ByteSource {
  readonly head: string;
  readonly #pool: ConnectionPool;
  readonly #request: ExchangeRequest;
  readonly #settle: (result: ExchangeResult) => void;
  #connection: OriginConnection | null = null;
  #isSent = false;
  /** The head of an answer whose body may yet turn out to have come with it. */
  #pending: AnswerHead | null = null;
  #lengthBytes: number | undefined;
  /** What came of the body with that head. */
  #first: Buffer | null = null;
  #queue: ByteQueue | null = null;
  #state: "open" | "over" = "open";

  constructor(pool: ConnectionPool, request: ExchangeRequest, settle: (result: ExchangeResult) => void) {
    this.#pool = pool;
    this.#request = request;
    this.#settle = settle;
    const { method, target, headers } = request;
    this.head = pool.headWriter.write({ method, target, headers, length: bodyLength(request) }) ?? "";
  }

  get method(): string {
    return this.#request.method;
  }

  get requestBody(): Body {
    return this.#request.body;
  }

  get headTimeoutMs(): number {
    return this.#request.headTimeoutMs;
  }

  get idleTimeoutMs(): number {
    return this.#request.idleTimeoutMs;
  }

  carriedBy(connection: OriginConnection): void {
    this.#connection = connection;
  }

  abort(code: ErrorCode = "REQUEST_ABORTED"): void {
    if (this.#state === "over") return;
    const connection = this.#connection;
    this.#pool.forget(this);
    this.failed({ code, message: "The exchange was aborted" });
    connection?.abandon();
  }

  begun(): void {
    this.#isSent = true;
  }

  informed({ status, headers }: AnswerHead): void {
    this.#request.onInformational?.(status, headers);
  }

  answered(head: AnswerHead, lengthBytes: number | undefined): void {
    this.#pending = head;
    this.#lengthBytes = lengthBytes;
  }

  data(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    this.#request.onBytes?.(length);
    if (this.#pending === null) {
      // Whoever reads it may release its memory.
      const chunk = Buffer.allocUnsafeSlow(length);
      bytes.copy(chunk, 0, from, to);
      this.#queue?.push(chunk);
      return;
    }
    // Most bodies are small and whole with this, and gone soon: many share their memory, which costs much less than memory for each.
    const chunk = Buffer.allocUnsafe(length);
    bytes.copy(chunk, 0, from, to);
    this.#first = this.#first === null ? chunk : Buffer.concat([this.#first, chunk]);
  }

  wasRead(): void {
    if (this.#pending === null) return;
    this.#queue = new ByteQueue(this, { bytesMax: messageLimits.bodyWindowBytes });
    if (this.#first !== null) this.#queue.push(this.#first);
    this.#answer(this.#pending, {
      kind: "stream",
      chunks: this.#queue,
      lengthBytes: this.#lengthBytes,
      givesChunks: true,
    });
  }

  ended(): void {
    if (this.#state === "over") return;
    const first = this.#first;
    this.#over();
    if (this.#pending === null) this.#queue?.end();
    else this.#answer(this.#pending, first === null ? emptyBody : { kind: "bytes", bytes: first });
  }

  failed(problem: ExchangeProblem): void {
    if (this.#state === "over") return;
    this.#over();
    const { message } = problem;
    // What was never asked cannot have broken off.
    const code = problem.code === "ORIGIN_TRUNCATED" && !this.#isSent ? "ORIGIN_UNREACHABLE" : problem.code;
    if (this.#queue !== null) {
      this.#queue.fail(new BodyBrokenError(code === "ORIGIN_UNREACHABLE" ? "ORIGIN_TRUNCATED" : code, problem.cause));
      return;
    }
    this.#pending = null;
    const dropped = code === "ORIGIN_TRUNCATED";
    this.#settle({ kind: "failed", code, message, unsent: !this.#isSent, dropped });
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  /** The body's reader wants no more. */
  cancel(): void {
    this.abort();
  }

  #over(): void {
    this.#state = "over";
    this.#connection = null;
    this.#request.onOver?.();
  }

  #answer({ status, statusText, headers }: AnswerHead, body: Body): void {
    this.#pending = null;
    this.#first = null;
    this.#settle({ kind: "response", status, statusText, headers, body });
  }
}

/** Null: no body where a length of 0 would say nothing (RFC 9110 §8.6). */
function bodyLength({ method, body }: ExchangeRequest): RequestHead["length"] {
  switch (body.kind) {
    case "empty":
      return method === "POST" || method === "PUT" || method === "PATCH" ? 0 : null;
    case "text":
      return Buffer.byteLength(body.text);
    case "bytes":
      return body.bytes.byteLength;
    default:
      return body.lengthBytes ?? "chunked";
  }
}

const unsendable: ExchangeProblem = { code: "NODE_INTERNAL", message: "the request is outside the grammar" };
