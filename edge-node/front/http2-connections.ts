/**
 * HTTP/2 over TLS: connections that were accepted elsewhere, streams into the intake, answers back.
 *
 * Frames, header compression and flow control are Node.js' own (nghttp2), which also refuses fields of HTTP/1.1 connections and bodies that are not as
 * long as they say; heads are judged by HeadReader like everything else. Invariant: what one connection may cost is bounded by `tlsLimits`,
 * whatever frames it sends.
 */
import http2, {
  type Http2Session,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { emptyBody } from "../../runtime/body.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import { filterHeaders, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { sentFields } from "../pipeline/exchange.ts";
import { contained } from "./contained.ts";
import { tunnelUpgrade } from "./http2-tunnel.ts";
import { HeadReader, type IncomingHead, type RefusedHead } from "./incoming-head.ts";
import { http2Head } from "./node-heads.ts";
import type { RequestIntake, Transport } from "./request-intake.ts";
import { coversHost } from "./server-certificates.ts";
import { StreamBody } from "./stream-body.ts";
import { fieldsOf, StreamSink, type AnswerStream } from "./stream-sink.ts";
import type { TlsPeer } from "./tls-peer.ts";
import type { TlsSockets } from "./tls-sockets.ts";
import { asksForTunnel, offeredTunnel } from "./upgrade-fields.ts";

export interface Http2ConnectionsOptions {
  readonly intake: RequestIntake;
  readonly sockets: TlsSockets;
  readonly clock: Clock;
  readonly logger: Logger;
}

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = http2.constants;
/** RFC 9113 §6.5.2 counts 32 bytes more for each line. A little more than the limits, so that a head just beyond gets an answer. */
const HEAD_BYTES_MAX =
  messageLimits.urlBytesMax + messageLimits.headerBytesMax + 16_384 + 32 * messageLimits.headerLinesMax;

export class Http2Connections {
  readonly #options: Http2ConnectionsOptions;
  readonly #reader = new HeadReader({ scheme: "https", values: "latin-1" });
  readonly #server: http2.Http2Server;
  readonly #sessions = new Map<Http2Session, TlsPeer>();
  /** The connection that is being handed to the server: it makes its session at once. */
  #arriving: { readonly peer: TlsPeer; readonly socket: TLSSocket } | null = null;

  constructor(options: Http2ConnectionsOptions) {
    this.#options = options;
    this.#server = http2.createServer({
      settings: {
        maxConcurrentStreams: tlsLimits.streamsMax,
        initialWindowSize: tlsLimits.streamWindowBytes,
        maxHeaderListSize: HEAD_BYTES_MAX,
        enablePush: false,
        enableConnectProtocol: true,
      },
      maxHeaderListPairs: messageLimits.headerLinesMax + 16,
      maxSessionInvalidFrames: tlsLimits.invalidFramesMax,
      maxSessionRejectedStreams: tlsLimits.rejectedStreamsMax,
      maxSessionMemory: tlsLimits.sessionMiB,
      maxOutstandingPings: tlsLimits.pingsMax,
      maxSettings: tlsLimits.settingsMax,
      // Behind this node's own bound: the library stops to read such a connection and leaves it open.
      streamResetBurst: 2 * tlsLimits.resetBurst,
      streamResetRate: 2 * tlsLimits.resetsPerSecond,
      // An origin may repeat what it likes; clients see it as over HTTP/1.1.
      strictSingleValueFields: false,
    });
    const { logger } = options;
    const opened = contained((session: ServerHttp2Session) => this.#opened(session), { logger, lose: breakSession });
    this.#server.on("session", opened);
    this.#server.on("sessionError", () => {});
    const receive = contained((stream: ServerHttp2Stream, raw: readonly string[]) => this.#receive(stream, raw), {
      logger,
      lose: ({ session }) => breakSession(session),
    });
    this.#server.on("stream", (stream, _headers, _flags, raw) => receive(stream, raw));
  }

  accept(socket: TLSSocket, peer: TlsPeer): void {
    this.#arriving = { peer, socket };
    this.#server.emit("connection", socket);
    this.#arriving = null;
  }

  /** Asks clients to open no more streams (GOAWAY); connections end with their last one. */
  drain(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  close(): void {
    for (const session of this.#sessions.keys()) breakSession(session);
  }

  #opened(session: ServerHttp2Session): void {
    if (this.#arriving === null) {
      session.destroy();
      return;
    }
    const { peer, socket } = this.#arriving;
    this.#sessions.set(session, peer);
    session.setLocalWindowSize(tlsLimits.connectionWindowBytes);
    let openStreams = 0;
    const resets = new ResetBudget(this.#options.clock);
    session.on("stream", (stream) => {
      openStreams++;
      stream.once("close", () => {
        openStreams--;
        // The session alone would leave the connection open until its client closes it.
        if (stream.aborted && !resets.take()) socket.destroy();
      });
    });
    // Streams that wait for a client have deadlines of their own.
    session.setTimeout(tlsLimits.idleMs, () => {
      if (openStreams > 0) return;
      session.close();
      const cancel = this.#options.clock.after(tlsLimits.closeMs, () => socket.destroy());
      socket.once("close", cancel);
    });
    session.once("close", () => this.#sessions.delete(session));
    session.on("error", () => {});
  }

  #receive(stream: ServerHttp2Stream, raw: readonly string[]): void {
    const { clock, intake, logger } = this.#options;
    const peer = stream.session === undefined ? undefined : this.#sessions.get(stream.session);
    const answer = new Http2Answer(stream, { logger, tls: peer?.tls.version ?? null });
    const tunnel = asksForTunnel(raw) ? { protocols: offeredTunnel(raw) } : null;
    const read = this.#reader.read(http2Head(raw));
    const head = tunnel === null ? bodyOf(read, stream) : read;
    const code = this.#judge(head, { peer, tunnel });
    if (head.kind === "refused" || code !== null) {
      const sink = new StreamSink(answer, { requestBody: null, isLast: true, upgrade: null, clock, logger });
      stream.resume();
      intake.refuse(sink, { code: code ?? "REQUEST_MALFORMED", method: head.method });
      if (!stream.endAfterHeaders) answer.leaveRequest();
      return;
    }
    const arrived: Arrived = { head, stream, answer, peer };
    if (tunnel === null) this.#serve(arrived);
    else this.#serveTunnel(arrived, tunnel.protocols ?? []);
  }

  #serve({ head, stream, answer, peer }: Arrived): void {
    const { clock, intake, logger } = this.#options;
    // A stream that was reset ends like one that is whole, but is closed by then.
    const isWhole = (): boolean => !stream.closed && !stream.aborted;
    const body =
      head.bodyBytes === 0 ? null : new StreamBody(stream, { lengthBytes: head.bodyBytes, isWhole, clock, logger });
    if (body === null) stream.resume();
    const sink = new StreamSink(answer, { requestBody: body, isLast: false, upgrade: null, clock, logger });
    const exchange = intake.open(head, {
      body: body?.body ?? emptyBody,
      peer: peer?.address ?? "",
      socketProtocols: null,
      tls: peer?.tls ?? null,
    });
    sink.exchange = exchange;
    exchange.informed = sink;
    intake.serve(sink, exchange);
  }

  /** What comes over the stream waits until there is somebody to read it; the window bounds it. */
  #serveTunnel({ head, stream, answer, peer }: Arrived, protocols: readonly string[]): void {
    const { clock, intake, logger, sockets } = this.#options;
    const sink: StreamSink = new StreamSink(answer, {
      requestBody: null,
      isLast: false,
      upgrade: (opened, guest) => {
        sink.detach();
        const headers = sentFields(opened);
        answer.openTunnel(headers);
        sockets.upgrade(tunnelUpgrade(stream, getHeader(headers, "sec-websocket-protocol")), { headers, guest });
      },
      clock,
      logger,
    });
    const exchange = intake.open(head, {
      body: emptyBody,
      peer: peer?.address ?? "",
      socketProtocols: protocols,
      tls: peer?.tls ?? null,
      opensTunnel: true,
    });
    sink.exchange = exchange;
    // Another answer ends the stream for its client, too.
    stream.once("finish", () => {
      if (exchange.socket === null && !stream.closed) stream.close(NGHTTP2_NO_ERROR);
    });
    intake.serve(sink, exchange);
  }

  #judge(
    head: IncomingHead | RefusedHead,
    { peer, tunnel }: { readonly peer: TlsPeer | undefined; readonly tunnel: AskedTunnel | null },
  ): ErrorCode | null {
    if (head.kind === "refused") return head.code;
    if (peer === undefined || !coversHost(peer.domains, head.url.hostname)) return "REQUEST_MISDIRECTED";
    if (tunnel !== null && tunnel.protocols === null) return "REQUEST_MALFORMED";
    return this.#options.intake.judge(head, tunnel === null ? "request" : "socket");
  }
}

/** With a code, or what was not answered to its end would look as if it were. */
function breakSession(session: Http2Session | undefined): void {
  session?.destroy(undefined, NGHTTP2_INTERNAL_ERROR);
}

/** A stream that asks for a connection through this node; null: not for a WebSocket, or not as it is asked for. */
interface AskedTunnel {
  readonly protocols: readonly string[] | null;
}

interface Arrived {
  readonly head: IncomingHead;
  readonly stream: ServerHttp2Stream;
  readonly answer: Http2Answer;
  readonly peer: TlsPeer | undefined;
}

/** Whether there is a body is the framing's to say in HTTP/2, not a field's. */
function bodyOf(head: IncomingHead | RefusedHead, stream: ServerHttp2Stream): IncomingHead | RefusedHead {
  if (head.kind === "refused") return head;
  if (stream.endAfterHeaders) return { ...head, bodyBytes: 0 };
  return head.bodyBytes === 0 ? { ...head, bodyBytes: undefined } : head;
}

/** Streams that one connection's client may reset (CVE-2023-44487): a burst, refilled each second. */
class ResetBudget {
  readonly #clock: Clock;
  #left: number = tlsLimits.resetBurst;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  /** Whether there was one left. */
  take(): boolean {
    const now = this.#clock.monotonicMs();
    const refilled = this.#left + ((now - this.#lastMs) / 1_000) * tlsLimits.resetsPerSecond;
    this.#left = Math.min(tlsLimits.resetBurst, refilled) - 1;
    this.#lastMs = now;
    return this.#left >= 0;
  }
}

class Http2Answer implements AnswerStream {
  readonly writable: ServerHttp2Stream;
  readonly transport: Transport;
  readonly isSending = true;
  readonly #logger: Logger;

  constructor(stream: ServerHttp2Stream, { logger, tls }: { readonly logger: Logger; readonly tls: string | null }) {
    this.transport = { protocol: "h2", tls };
    this.writable = stream;
    this.#logger = logger;
  }

  writeHead(
    status: number,
    { fields, lengthBytes }: { readonly fields: readonly string[]; readonly lengthBytes: number | undefined },
  ): void {
    if (this.writable.destroyed || this.writable.closed) return;
    const headers = headersOf(status, fields);
    if (lengthBytes !== undefined) headers["content-length"] = lengthBytes;
    try {
      this.writable.respond(headers);
    } catch (error) {
      this.#logger.error({ err: error }, "answer.refused");
      this.breakOff();
    }
  }

  /** RFC 8441 §5: what HTTP/1.1 says with 101 is 200 here, and the handshake's own fields are not needed. */
  openTunnel(headers: HeaderText): void {
    const sent = filterHeaders(
      headers,
      (name) => !name.startsWith("sec-websocket-") || name === "sec-websocket-protocol",
    );
    this.writeHead(200, { fields: fieldsOf(sent), lengthBytes: undefined });
  }

  writeInformation(status: number, fields: readonly string[]): void {
    const { closed, destroyed, headersSent } = this.writable;
    if (destroyed || closed || headersSent) return;
    try {
      this.writable.additionalHeaders(headersOf(status, fields));
    } catch (error) {
      // The answer itself is not less worth for it.
      this.#logger.error({ err: error }, "information.refused");
    }
  }

  breakOff(): void {
    // `close` would end the stream first, which makes what was sent so far look whole.
    this.writable.destroy(new Error("The answer broke off"));
  }

  leaveRequest(): void {
    const { writable } = this;
    // RFC 9113 §8.1: the answer is whole, the rest of the request is not wanted.
    const leave = (): void => writable.close(writable.headersSent ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    if (writable.writableFinished) leave();
    else writable.once("finish", leave);
  }
}

function headersOf(status: number, fields: readonly string[]): OutgoingHttpHeaders {
  const headers = Object.create(null) as OutgoingHttpHeaders;
  headers[":status"] = status;
  for (let at = 0; at + 1 < fields.length; at += 2) addField(headers, fields[at] ?? "", fields[at + 1] ?? "");
  return headers;
}

function addField(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const present = headers[name];
  if (present === undefined) headers[name] = value;
  else headers[name] = Array.isArray(present) ? [...present, value] : [String(present), value];
}
