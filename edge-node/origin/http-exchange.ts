/**
 * One HTTP request to another server and its answer, over an undici pool.
 *
 * Knows no domain, rule or retry: it sends what it is given, writes the framing itself, and turns every way an exchange can go wrong into a
 * code of the closed list. Invariant: the answer's body either arrives whole or its reader throws; nothing is read ahead beyond the window.
 */
import type { Dispatcher } from "undici";
import type { Body } from "../../runtime/body.ts";
import { emptyBody } from "../../runtime/body.ts";
import { errorCodes, type ErrorCode } from "../../sdk/error-code.ts";
import {
  forEachHeader,
  getAllHeaders,
  getHeader,
  isHeaderName,
  isHeaderValue,
  type HeaderText,
} from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import { removeHopByHop } from "../pipeline/hop-headers.ts";

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
  readonly onOver?: () => void;
  /** Called for each informational answer, which begins `headTimeoutMs` anew. */
  readonly onInformational?: (status: number, headers: HeaderText) => void;
  /** Told how many bytes of the answer's body came, piece by piece. */
  readonly onBytes?: (bytes: number) => void;
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

export interface RunningExchange {
  /** Never rejects. */
  readonly result: Promise<ExchangeResponse | ExchangeFailure>;
  /** Ends the exchange: the result fails with `code` (default REQUEST_ABORTED), or the body breaks off. Harmless when over. */
  abort(code?: ErrorCode): void;
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

const INFORMATIONAL_MAX = 16;

/** The answer breaks a rule that the HTTP parser does not hold. */
class MalformedAnswerError extends Error {}
class AbortedError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode) {
    super("The exchange was aborted");
    this.code = code;
  }
}

/** Sends the request. */
export function startExchange(dispatcher: Dispatcher, request: ExchangeRequest): RunningExchange {
  const handler = new ExchangeHandler(request);
  try {
    dispatcher.dispatch(
      {
        method: request.method,
        path: request.target,
        headers: headerList(request),
        // undici also takes async iterables, which its types leave out.
        body: requestBody(request.body) as Buffer | null,
        headersTimeout: request.headTimeoutMs,
        bodyTimeout: request.idleTimeoutMs,
      },
      handler,
    );
  } catch (error) {
    handler.onResponseError(null, error);
  }
  return handler;
}

class ExchangeHandler implements Dispatcher.DispatchHandler, RunningExchange {
  readonly #method: string;
  readonly #onOver: (() => void) | undefined;
  readonly #onInformational: ExchangeRequest["onInformational"];
  readonly #onBytes: ((bytes: number) => void) | undefined;
  readonly #settled = Promise.withResolvers<ExchangeResponse | ExchangeFailure>();
  #controller: Dispatcher.DispatchController | null = null;
  #queue: ByteQueue | null = null;
  #informational = 0;
  #aborted: AbortedError | null = null;
  #started = false;
  #isOver = false;

  constructor({ method, onOver, onInformational, onBytes }: ExchangeRequest) {
    this.#method = method;
    this.#onOver = onOver;
    this.#onInformational = onInformational;
    this.#onBytes = onBytes;
  }

  get result(): Promise<ExchangeResponse | ExchangeFailure> {
    return this.#settled.promise;
  }

  abort(code: ErrorCode = "REQUEST_ABORTED"): void {
    if (this.#aborted !== null) return;
    this.#aborted = new AbortedError(code);
    this.#controller?.abort(this.#aborted);
    if (this.#controller === null) this.#fail(this.#aborted);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#started = true;
    if (this.#aborted !== null) controller.abort(this.#aborted);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText: string | undefined,
  ): void {
    if (status < 200) {
      if (++this.#informational > INFORMATIONAL_MAX) throw new MalformedAnswerError("too many informational answers");
      this.#onInformational?.(status, removeHopByHop(readHeaders(controller.rawHeaders)));
      return;
    }
    if (status > 599) throw new MalformedAnswerError("a status outside 100..599");
    const received = readHeaders(controller.rawHeaders);
    refuseTransferCoding(received);
    const headers = removeHopByHop(received);
    const length = contentLength(headers);
    const empty = this.#method === "HEAD" || status === 204 || status === 304 || length === 0;
    this.#queue = new ByteQueue(
      {
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        cancel: () => controller.abort(new AbortedError("REQUEST_ABORTED")),
      },
      { bytesMax: messageLimits.bodyWindowBytes },
    );
    // undici hands out what the socket read and keeps nothing of it.
    const body: Body = empty
      ? emptyBody
      : { kind: "stream", chunks: this.#queue, lengthBytes: length, givesChunks: true };
    this.#settled.resolve({ kind: "response", status, statusText: statusText ?? "", headers, body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#onBytes?.(chunk.byteLength);
    this.#queue?.push(chunk);
  }

  onResponseEnd(): void {
    this.#queue?.end();
    this.#over();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    this.#fail(error);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver?.();
  }

  #fail(error: unknown): void {
    this.#over();
    const code = failureCode(error, { headCame: this.#queue !== null, sent: this.#started });
    if (this.#queue !== null) {
      this.#queue.fail(new BodyBrokenError(code === "ORIGIN_UNREACHABLE" ? "ORIGIN_TRUNCATED" : code, error));
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    const dropped = code === "ORIGIN_TRUNCATED";
    this.#settled.resolve({ kind: "failed", code, message, unsent: !this.#started, dropped });
  }
}

function headerList(request: ExchangeRequest): string[] {
  const list: string[] = [];
  forEachHeader(request.headers, (name, value) => {
    if (name !== "content-length") list.push(name, value);
  });
  const length = bodyLength(request);
  if (length !== undefined) list.push("content-length", String(length));
  return list;
}

/** Undefined: unknown (sent chunked), or no body where a length of 0 would say nothing (RFC 9110 §8.6). */
function bodyLength({ method, body }: ExchangeRequest): number | undefined {
  switch (body.kind) {
    case "empty":
      return method === "POST" || method === "PUT" || method === "PATCH" ? 0 : undefined;
    case "text":
      return Buffer.byteLength(body.text);
    case "bytes":
      return body.bytes.byteLength;
    default:
      return body.lengthBytes;
  }
}

function requestBody(body: Body): Buffer | AsyncIterable<Uint8Array> | null {
  switch (body.kind) {
    case "empty":
      return null;
    case "text":
      return Buffer.from(body.text);
    case "bytes":
      return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
    default:
      return body.chunks;
  }
}

function readHeaders(raw: Dispatcher.DispatchController["rawHeaders"]): HeaderText {
  if (!Array.isArray(raw)) return "";
  if (raw.length > messageLimits.headerLinesMax * 2) throw new MalformedAnswerError("too many header lines");
  let text = "";
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = latin1(raw[at]).toLowerCase();
    const value = latin1(raw[at + 1]).trim();
    if (!isHeaderName(name) || !isHeaderValue(value)) throw new MalformedAnswerError("a header outside the grammar");
    text += `${name}:${value}\n`;
  }
  return text;
}

/** Any other coding would have to be undone here, and one that is not known hides where the body ends (RFC 9112 §6.3). */
function refuseTransferCoding(headers: HeaderText): void {
  if (!headers.includes("transfer-encoding:")) return;
  const codings = getAllHeaders(headers, "transfer-encoding").join(",").toLowerCase();
  if (codings !== "" && codings !== "chunked") throw new MalformedAnswerError("a transfer coding that is not chunked");
}

function latin1(value: Buffer | string | undefined): string {
  return typeof value === "string" ? value : (value?.toString("latin1") ?? "");
}

function contentLength(headers: HeaderText): number | undefined {
  const value = getHeader(headers, "content-length");
  return value === undefined ? undefined : Number(value);
}

const codeOfUndici: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_HEADERS_TIMEOUT: "ORIGIN_TIMEOUT",
  UND_ERR_BODY_TIMEOUT: "ORIGIN_TIMEOUT",
  UND_ERR_CONNECT_TIMEOUT: "ORIGIN_TIMEOUT",
  ETIMEDOUT: "ORIGIN_TIMEOUT",
  UND_ERR_HEADERS_OVERFLOW: "ORIGIN_HEADERS_TOO_LARGE",
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: "REQUEST_MALFORMED",
  // What undici asserts about an answer is what its parser should have refused, such as a status of 099.
  ERR_ASSERTION: "ORIGIN_MALFORMED",
  UND_ERR_INVALID_ARG: "NODE_INTERNAL",
  ECONNRESET: "ORIGIN_TRUNCATED",
  EPIPE: "ORIGIN_TRUNCATED",
};

/** What Node.js calls a certificate that does not prove the server's name: OpenSSL's X509_V_ERR_* and its own. */
const CERTIFICATE_PROBLEM =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_)/;

function failureCode(error: unknown, at: { readonly headCame: boolean; readonly sent: boolean }): ErrorCode {
  const code = errorCodeOf(error, at.headCame);
  // What was never asked cannot have broken off.
  return code === "ORIGIN_TRUNCATED" && !at.sent ? "ORIGIN_UNREACHABLE" : code;
}

function errorCodeOf(error: unknown, headCame: boolean): ErrorCode {
  if (!(error instanceof Error)) return "NODE_INTERNAL";
  if (error instanceof MalformedAnswerError || error.name === "HTTPParserError") return "ORIGIN_MALFORMED";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (Object.hasOwn(errorCodes, code)) return code as ErrorCode;
  if (CERTIFICATE_PROBLEM.test(code)) return "ORIGIN_CERTIFICATE";
  // undici says this of a head it could not parse beyond a Content-Length, too.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return headCame ? "ORIGIN_TRUNCATED" : "ORIGIN_MALFORMED";
  // undici names both with one code: a server that answers out of turn, and one that hangs up.
  if (code === "UND_ERR_SOCKET") return error.message.startsWith("bad ") ? "ORIGIN_MALFORMED" : "ORIGIN_TRUNCATED";
  return codeOfUndici[code] ?? "ORIGIN_UNREACHABLE";
}
