/**
 * HTTP/1.1 over TLS: connections that were accepted elsewhere, requests into the intake, answers back.
 *
 * The parser is Node.js' own in its strict setting; what it lets through is judged by HeadReader like everything else. Invariants: a connection
 * carries no further request once a head was refused or a request's body was not read to its end; nothing is written beside an answer under way; no
 * listener throws.
 */
import http, { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { emptyBody } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { forEachHeader } from "../../sdk/header-text.ts";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { sentFields, type ResponseMessage } from "../pipeline/exchange.ts";
import { contained } from "./contained.ts";
import { HeadReader } from "./incoming-head.ts";
import { http1Head } from "./node-heads.ts";
import type { AnswerSink, RequestIntake, Transport } from "./request-intake.ts";
import { coversHost } from "./server-certificates.ts";
import { statusLine } from "./status-line.ts";
import { StreamBody } from "./stream-body.ts";
import { StreamSink, type AnswerStream } from "./stream-sink.ts";
import type { TlsPeer } from "./tls-peer.ts";
import type { TlsSockets } from "./tls-sockets.ts";
import { offeredUpgrade } from "./upgrade-fields.ts";

export interface Http1ConnectionsOptions {
  readonly intake: RequestIntake;
  readonly sockets: TlsSockets;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Arriving {
  readonly response: ServerResponse;
  /** Of a request that asks for a WebSocket. */
  readonly upgrade: { readonly head: Buffer; readonly protocols: readonly string[] } | null;
}

/** A little more than both limits, so that a head just beyond one of them gets this node's own answer. */
const HEAD_BYTES_MAX = messageLimits.urlBytesMax + messageLimits.headerBytesMax + 16_384;

export class Http1Connections {
  readonly #options: Http1ConnectionsOptions;
  readonly #reader = new HeadReader({ scheme: "https", values: "latin-1" });
  readonly #peers = new WeakMap<object, TlsPeer>();
  /** Connections that end with the answer under way; what the parser still finds on them is not looked at. */
  readonly #leaving = new WeakSet<object>();
  /** Those of them on which a head was refused: they have their answer. */
  readonly #refused = new WeakSet<object>();
  /** The answers of a connection that are not at their end. */
  readonly #owed = new WeakMap<object, Set<ServerResponse>>();
  readonly #server: http.Server;

  constructor(options: Http1ConnectionsOptions) {
    this.#options = options;
    this.#server = http.createServer({
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: tlsLimits.headMs,
      connectionsCheckingInterval: tlsLimits.headCheckMs,
      // Bodies have a deadline of their own.
      requestTimeout: 0,
      keepAliveTimeout: tlsLimits.idleMs,
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => offeredUpgrade(http1Head(request)) !== null,
    });
    this.#server.maxHeadersCount = 0;
    this.#listen();
    // It never listens itself, and yet has to look after the times of its connections.
    this.#server.emit("listening");
  }

  accept(socket: TLSSocket, peer: TlsPeer): void {
    this.#peers.set(socket, peer);
    this.#server.emit("connection", socket);
  }

  /** Those with a request under way end after its answer. */
  drain(): void {
    this.#server.closeIdleConnections();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #listen(): void {
    const { logger } = this.#options;
    const loseRequest = ({ socket }: IncomingMessage): void => void socket.destroy();
    const receive = contained(
      (request: IncomingMessage, response: ServerResponse) => this.#receive(request, { response, upgrade: null }),
      { logger, lose: loseRequest },
    );
    this.#server.on("request", receive);
    // As on the plain port an expectation is no reason to refuse; the library would, and nobody would know of an answer that is owed.
    this.#server.on("checkExpectation", receive);
    this.#server.on(
      "upgrade",
      contained(
        (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#receiveUpgrade(request, { socket, head }),
        { logger, lose: loseRequest },
      ),
    );
    const refuse = contained(
      (_request: IncomingMessage, socket: Duplex) => {
        if (this.#takeOver(socket)) socket.destroy();
      },
      { logger, lose: loseRequest },
    );
    this.#server.on("connect", refuse);
    this.#server.on(
      "clientError",
      contained((error: NodeJS.ErrnoException, socket: Duplex) => this.#refuseBytes(error, socket), {
        logger,
        lose: (_error, socket) => void socket.destroy(),
      }),
    );
  }

  #receiveUpgrade(
    request: IncomingMessage,
    { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
  ): void {
    if (!this.#takeOver(socket)) return;
    const response = new ServerResponse(request);
    response.assignSocket(request.socket);
    response.on("finish", () => request.socket.destroySoon());
    const protocols = offeredUpgrade(http1Head(request))?.protocols ?? [];
    this.#receive(request, { response, upgrade: { head, protocols } });
  }

  #receive(request: IncomingMessage, { response, upgrade }: Arriving): void {
    const { clock, intake, logger, sockets } = this.#options;
    const { socket } = request;
    if (this.#leaving.has(socket)) {
      request.resume();
      return;
    }
    if (!this.#owe(socket, response)) {
      this.#leaving.add(socket);
      socket.destroy();
      return;
    }
    const peer = this.#peers.get(socket);
    const stream = new Http1Answer(request, { response, tls: peer?.tls.version ?? null });
    const head = this.#reader.read(http1Head(request));
    const isSound = head.kind === "refused" || isSoundVersion(request.httpVersion, head.bodyBytes);
    const code = isSound
      ? this.#judge(head, { peer, kind: upgrade === null ? "request" : "socket" })
      : "REQUEST_MALFORMED";
    if (head.kind === "refused" || code !== null) {
      this.#leaving.add(socket);
      this.#refused.add(socket);
      const sink = new StreamSink(stream, { requestBody: null, isLast: true, upgrade: null, clock, logger });
      intake.refuse(sink, { code: code ?? "REQUEST_MALFORMED", method: head.method });
      return;
    }
    const isLast = head.isLast || request.httpVersion !== "1.1";
    if (isLast) this.#leaving.add(socket);
    const isWhole = (): boolean => request.complete;
    const body =
      head.bodyBytes === 0 ? null : new StreamBody(request, { lengthBytes: head.bodyBytes, isWhole, clock, logger });
    if (body === null) request.resume();
    const sink: StreamSink = new StreamSink(stream, {
      requestBody: body,
      isLast,
      upgrade:
        upgrade === null
          ? null
          : (answer, guest) => {
              sink.detach();
              response.detachSocket(socket);
              sockets.upgrade({ request, socket, head: upgrade.head }, { headers: sentFields(answer), guest });
            },
      clock,
      logger,
    });
    const exchange = intake.open(head, {
      body: body?.body ?? emptyBody,
      peer: peer?.address ?? "",
      socketProtocols: upgrade?.protocols ?? null,
      tls: peer?.tls ?? null,
    });
    sink.exchange = exchange;
    // As over plain connections: not to who may be of a time before such answers, nor before a WebSocket.
    if (upgrade === null && !isLast) exchange.informed = sink;
    intake.serve(sink, exchange);
  }

  /**
   * Takes a socket that the library has let go of. Returns whether it is free: over plain connections, too, a request behind one that is not answered
   * costs both, and nothing behind the last one is looked at.
   */
  #takeOver(socket: Duplex): boolean {
    socket.on("error", () => {});
    const owed = this.#owed.get(socket) ?? new Set();
    const isLeaving = this.#leaving.has(socket);
    if (owed.size === 0 && !isLeaving) return true;
    // Those whose turn has not come would not be told.
    socket.once("close", () => owed.forEach((response) => void response.destroy()));
    this.#leaving.add(socket);
    if (isLeaving) socket.resume();
    else socket.destroy();
    return false;
  }

  /** Remembers one more answer that is owed to a connection. Returns whether it may be; the parser itself has no bound for those that wait. */
  #owe(socket: object, response: ServerResponse): boolean {
    const owed = this.#owed.get(socket) ?? new Set();
    this.#owed.set(socket, owed.add(response));
    response.once("close", () => owed.delete(response));
    return owed.size <= tlsLimits.pipelinedMax;
  }

  #judge(
    head: ReturnType<HeadReader["read"]>,
    { peer, kind }: { readonly peer: TlsPeer | undefined; readonly kind: "request" | "socket" },
  ): ErrorCode | null {
    if (head.kind === "refused") return head.code;
    if (peer === undefined || !coversHost(peer.domains, head.url.hostname)) return "REQUEST_MISDIRECTED";
    return this.#options.intake.judge(head, kind);
  }

  /** What the parser does not take for a request. */
  #refuseBytes({ code }: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.#refused.has(socket)) return;
    const isOwed = (this.#owed.get(socket)?.size ?? 0) > 0;
    // Bytes behind the last request are nobody's; its answer ends the connection.
    if (isOwed && code === "HPE_CLOSED_CONNECTION") return;
    // A client would take another answer for the rest of the one under way.
    if (isOwed || !socket.writable || code === "ECONNRESET" || code === "ERR_HTTP_REQUEST_TIMEOUT") {
      socket.destroy();
      return;
    }
    const isLarge = code === "HPE_HEADER_OVERFLOW";
    const sink = { ...unparsed, send: (answer: ResponseMessage) => sendAndClose(socket, answer) };
    this.#options.intake.refuse(sink, {
      code: isLarge ? "REQUEST_HEADERS_TOO_LARGE" : "REQUEST_MALFORMED",
      method: "GET",
    });
  }
}

/** The parser takes other versions' numbers, too; chunks are unknown to HTTP/1.0, and a mark of broken framing in it (RFC 9112 §6.1). */
function isSoundVersion(version: string, bodyBytes: number | undefined): boolean {
  return version === "1.1" || (version === "1.0" && bodyBytes !== undefined);
}

/** What came was no request, so that the protocol is only what it was meant to be. */
const unparsed = {
  isLast: true,
  sentBytes: 0,
  transport: { protocol: "http/1.1", tls: null },
  upgrade: null,
} as const satisfies Omit<AnswerSink, "send">;

class Http1Answer implements AnswerStream {
  readonly writable: ServerResponse;
  readonly transport: Transport;
  readonly #request: IncomingMessage;

  constructor(
    request: IncomingMessage,
    { response, tls }: { readonly response: ServerResponse; readonly tls: string | null },
  ) {
    this.#request = request;
    this.writable = response;
    this.transport = { protocol: "http/1.1", tls };
  }

  get isSending(): boolean {
    return this.writable.socket !== null;
  }

  writeHead(
    status: number,
    head: { readonly fields: readonly string[]; readonly lengthBytes: number | undefined; readonly isLast: boolean },
  ): void {
    const framing = head.lengthBytes === undefined ? [] : ["content-length", String(head.lengthBytes)];
    const connection = head.isLast ? ["connection", "close"] : [];
    this.writable.writeHead(status, [...head.fields, ...framing, ...connection]);
  }

  writeInformation(status: number, fields: readonly string[]): void {
    const { headersSent, socket } = this.writable;
    // An answer whose turn has not come has no socket.
    if (headersSent || socket === null) return;
    let head = `HTTP/1.1 ${statusLine(status)}\r\n`;
    for (let at = 0; at + 1 < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
    socket.write(`${head}\r\n`, "latin1");
  }

  breakOff(): void {
    this.#request.socket.destroy();
  }

  leaveRequest(): void {
    const { socket } = this.#request;
    if (this.writable.writableFinished) socket.destroySoon();
    else this.writable.once("finish", () => socket.destroySoon());
  }
}

function sendAndClose(socket: Duplex, { status, headers, body }: ResponseMessage): null {
  const text = body.kind === "text" ? body.text : "";
  let head = `HTTP/1.1 ${statusLine(status)}\r\n`;
  forEachHeader(headers, (name, value) => {
    head += `${name}: ${value}\r\n`;
  });
  const length = Buffer.byteLength(text);
  socket.end(`${head}content-length: ${String(length)}\r\nconnection: close\r\n\r\n${text}`);
  return null;
}
