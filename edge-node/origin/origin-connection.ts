/**
 * One connection to a server, carrying one exchange after the other.
 *
 * Knows its socket and the exchange it carries; which one comes next is its pool's to say. Invariants: a connection on which anything was out of
 * turn, unclear or unfinished is closed and never used again; whatever happens to the socket, the exchange is told exactly once.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { AnswerHeadParser } from "./answer-head-parser.ts";
import { AnswerReader, type AnswerReceiver } from "./answer-reader.ts";
import type { Deadlines, Timed } from "./deadlines.ts";
import { problemOf, type ExchangeProblem } from "./exchange-failure.ts";
import { openSocket, tuneSocket, type SocketPlace } from "./open-socket.ts";
import { RequestUpload, type UploadState } from "./request-upload.ts";
import type { Body } from "../../runtime/body.ts";

/** What a connection has to do with an exchange. */
export interface CarriedExchange extends AnswerReceiver {
  readonly method: string;
  /** The request's head as it goes out, Latin-1. */
  readonly head: string;
  readonly requestBody: Body;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Its server may see it from now on. */
  begun(): void;
  /** One read was handed over, and there is more to come. */
  wasRead(): void;
  /** The answer is whole. */
  ended(): void;
  failed(problem: ExchangeProblem): void;
}

/** What all connections of a front share. */
export interface ConnectionContext {
  readonly deadlines: Deadlines;
  readonly parser: AnswerHeadParser;
  /** Every read goes here first and is done with before the next one. */
  readonly readBuffer: Buffer;
}

export interface ConnectionOwner {
  readonly connectTimeoutMs: number;
  /** To resume a TLS session of the same place. */
  session: Buffer | undefined;
  /** It carries nothing and may be used again within `keepMs`. */
  free(connection: OriginConnection, keepAliveMs: number | undefined): void;
  /** It is of no use any more. */
  gone(connection: OriginConnection): void;
}

export class OriginConnection implements Timed {
  dueMs: number = Infinity;
  readonly #context: ConnectionContext;
  readonly #owner: ConnectionOwner;
  readonly #reader: AnswerReader;
  readonly #socket: Socket;
  #exchange: CarriedExchange | null;
  #upload: RequestUpload | null = null;
  #isConnected = false;
  #isPaused = false;
  #isClosed = false;
  /** Of the answer that is read, from its head on. */
  #hasHead = false;
  #keepsAlive = false;
  #keepAliveMs: number | undefined;

  /** Connects, and sends `exchange` as soon as it can. Throws EgressDeniedError. */
  constructor(
    context: ConnectionContext,
    options: { readonly owner: ConnectionOwner; readonly place: SocketPlace; readonly exchange: CarriedExchange },
  ) {
    const { owner, place, exchange } = options;
    this.#context = context;
    this.#owner = owner;
    this.#exchange = exchange;
    this.#reader = new AnswerReader(context.parser);
    const { readBuffer: buffer } = context;
    const onread = { buffer, callback: (length: number): boolean => this.#read(length) };
    const socket = openSocket(place, { onread, session: owner.session });
    this.#socket = socket;
    socket.on(place.tls === null ? "connect" : "secureConnect", () => this.#connected(socket, place));
    socket.on("error", (error) => this.#broke(problemOf(error)));
    socket.on("end", () => this.#serverEnded());
    socket.on("close", () => this.#broke(hungUp));
    this.dueMs = context.deadlines.nowMs() + owner.connectTimeoutMs;
    context.deadlines.add(this);
  }

  /** Carries another exchange; only after it was given free. */
  send(exchange: CarriedExchange): void {
    this.#exchange = exchange;
    this.#write(exchange);
  }

  /** The server is to wait. */
  pause(): void {
    this.#isPaused = true;
    this.dueMs = Infinity;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#exchange !== null) this.dueMs = this.#context.deadlines.nowMs() + this.#exchange.idleTimeoutMs;
    this.#socket.resume();
  }

  /** Ends it at once. The exchange is told `problem`, if there is one. */
  close(problem: ExchangeProblem): void {
    this.#broke(problem);
  }

  /** Nobody wants what it carries. */
  abandon(): void {
    this.#exchange = null;
    this.#broke(hungUp);
  }

  expire(): void {
    const message = this.#isConnected ? "no answer in time" : "no connection in time";
    this.#broke({ code: "ORIGIN_TIMEOUT", message });
  }

  #connected(socket: Socket, { tls }: SocketPlace): void {
    if (this.#isClosed) return;
    this.#isConnected = true;
    tuneSocket(socket);
    // Only a session whose certificate was taken is kept, and tickets of TLS 1.3 come after the handshake.
    if (tls !== null) keepSession(socket as TLSSocket, this.#owner);
    if (this.#exchange !== null) this.#write(this.#exchange);
  }

  #write(exchange: CarriedExchange): void {
    this.#reader.begin(exchange.method);
    this.#hasHead = false;
    exchange.begun();
    const { requestBody: body } = exchange;
    const socket = this.#socket;
    this.dueMs = this.#context.deadlines.nowMs() + exchange.headTimeoutMs;
    switch (body.kind) {
      case "empty":
        socket.write(exchange.head, "latin1");
        return;
      case "text":
      case "bytes":
        socket.cork();
        socket.write(exchange.head, "latin1");
        socket.write(body.kind === "text" ? body.text : body.bytes);
        socket.uncork();
        return;
      case "stream":
        socket.write(exchange.head, "latin1");
        this.dueMs = Infinity;
        this.#upload = new RequestUpload(body, {
          socket,
          onState: (state) => this.#uploaded(exchange, state),
          onFailed: (error) => this.#broke(problemOf(error)),
        });
    }
  }

  /** A server is not late as long as it is this side that has nothing to send. */
  #uploaded(exchange: CarriedExchange, state: UploadState): void {
    if (state === "over") this.#upload = null;
    if (this.#hasHead || this.#exchange !== exchange) return;
    this.dueMs = state === "source" ? Infinity : this.#context.deadlines.nowMs() + exchange.headTimeoutMs;
  }

  /** Whether to read on. */
  #read(length: number): boolean {
    const exchange = this.#exchange;
    if (exchange === null) {
      this.#broke(hungUp);
      return false;
    }
    const outcome = this.#reader.read(this.#context.readBuffer, length, this.#receiver);
    // Whoever got a piece may have given the rest up.
    if (this.#isClosed || this.#exchange !== exchange) return false;
    switch (outcome.kind) {
      case "more":
        if (this.#hasHead && !this.#isPaused) this.dueMs = this.#context.deadlines.nowMs() + exchange.idleTimeoutMs;
        exchange.wasRead();
        break;
      case "over":
        this.#finish(exchange, outcome.isClean);
        break;
      case "refused":
        exchange.wasRead();
        this.#broke(outcome);
    }
    return !this.#isPaused && !this.#isClosed;
  }

  readonly #receiver: AnswerReceiver = {
    informed: (head) => {
      if (this.#exchange === null) return;
      if (this.dueMs !== Infinity) this.dueMs = this.#context.deadlines.nowMs() + this.#exchange.headTimeoutMs;
      this.#exchange.informed(head);
    },
    answered: (head, lengthBytes) => {
      if (this.#exchange === null) return;
      this.#hasHead = true;
      this.#keepsAlive = head.keepsAlive;
      this.#keepAliveMs = head.keepAliveMs;
      this.#exchange.answered(head, lengthBytes);
    },
    data: (bytes, from, to) => {
      this.#exchange?.data(bytes, from, to);
    },
  };

  #finish(exchange: CarriedExchange, isClean: boolean): void {
    this.#exchange = null;
    if (isClean && this.#keepsAlive && this.#upload === null && this.#socket.writableLength === 0) {
      if (this.#isPaused) this.resume();
      this.dueMs = Infinity;
      this.#owner.free(this, this.#keepAliveMs);
    } else this.#broke(hungUp);
    exchange.ended();
  }

  #serverEnded(): void {
    const exchange = this.#exchange;
    if (exchange !== null && this.#isConnected && this.#reader.ended()) this.#finish(exchange, false);
    else this.#broke(hungUp);
  }

  #broke(problem: ExchangeProblem): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.deadlines.delete(this);
    this.#upload?.stop();
    this.#upload = null;
    this.#socket.destroy();
    this.#owner.gone(this);
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.failed(problem);
  }
}

function keepSession(socket: TLSSocket, owner: ConnectionOwner): void {
  socket.on("session", (session) => {
    owner.session = session;
  });
  if (socket.getProtocol() !== "TLSv1.3") owner.session = socket.getSession();
}

const hungUp: ExchangeProblem = { code: "ORIGIN_TRUNCATED", message: "the connection ended" };
