/**
 * The only way out of the isolate: what the web APIs in this folder ask of the host.
 *
 * The bridge sets the port when an instance is connected. Before that (module top level, snapshot) every use throws, so that
 * a snapshot can never freeze a random number, a timer or a connection.
 */
import type { FramedTarget } from "../bridge/subrequest-target.ts";
import type { AbortSignal } from "./web/events/abort-signal.ts";
import type { ReadableStream } from "./web/streams/streams.ts";

/** A body that is still on the host's side. Nothing of it crosses before `read` is called. */
export interface HostBody {
  readonly lengthBytes: number | undefined;
  /** The next chunk (owned by the caller), or null at the end. Rejects when the body broke off. One call at a time. */
  read(): Promise<Uint8Array | null>;
  /** No more reads will come. */
  cancel(): void;
  /** The body as the host knows it, for handing it on unread; absent where it is this very object. */
  handOn?(): HostBody;
  /** Set once reads can only fail, with what they fail with. Absent: they fail when they are made. */
  readonly broken?: { readonly reason: unknown } | null;
  /** Calls `tell` when `broken` is set. */
  onBroken?(tell: (reason: unknown) => void): void;
}

/** A body on its way out. `host` was never read here and is joined on the host's side. */
export type OutgoingBody =
  | { readonly kind: "empty" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "host"; readonly body: HostBody }
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> };

export interface OutgoingRequest {
  readonly target: FramedTarget;
  readonly method: string;
  readonly url: string;
  /** Lines `name:value\n`, names in lower case (sdk/header-text.ts). */
  readonly headers: string;
  readonly body: OutgoingBody;
  readonly redirect: "follow" | "error" | "manual";
  /** The invocation lasts until there is a response, as with `waitUntil`. */
  readonly keepalive: boolean;
}

/** A message's payload; bytes belong to the receiver. */
export type SocketData = string | ArrayBuffer;

/** A WebSocket of the host's. */
export interface HostSocket {
  /** Called once; what came before waits for it. */
  listen(events: SocketEvents): void;
  send(data: SocketData): void;
  /** Begins the closing handshake; `closed` follows. `code` 1005: none; 1006: break off instead. */
  close(code: number, reason: string): void;
}

/** What happens at a WebSocket. */
export interface SocketEvents {
  /** `handled` makes room for further messages. */
  message(data: SocketData, handled: () => void): void;
  /** The oldest message that was sent has left the host's buffers. */
  sent(): void;
  /** The last event. */
  closed(code: number, reason: string, wasClean: boolean): void;
}

export interface IncomingResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string;
  readonly body: HostBody | null;
  readonly url: string;
  readonly redirected: boolean;
  /** With a 101: what the request asked for. */
  readonly socket: HostSocket | null;
}

export interface HostCallResult {
  readonly json: string;
  readonly buffers: readonly ArrayBuffer[];
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface HostPort {
  /** The largest body of the host that may be read as a whole, bytes. */
  readonly bufferedBodyBytesMax: number;
  /** At most 65,536 bytes. */
  randomBytes(lengthBytes: number): ArrayBuffer;
  /** UTS #46 ToASCII; an empty string when the domain is invalid. */
  domainToAscii(domain: string): string;
  /**
   * Computes what is over in microseconds while the isolate waits (host-operations/quick-crypto.ts); the host gets copies of the buffers. Empty when it
   * has to be asked by `call`.
   */
  compute(request: string, buffers: readonly ArrayBuffer[]): string;
  /** Milliseconds since the instance started. */
  monotonicMs(): number;
  /**
   * An operation the host performs (`crypto.digest`, …). `json` and the buffers are copied out; the result is owned by the caller.
   * Rejects with a DOMException when the host names one, else with the error class the host names.
   */
  call(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult>;
  /** Calls `fire` once after `delayMs` (0..2147483647). Returns an id for `clearTimer`. */
  startTimer(delayMs: number, fire: () => void): number;
  clearTimer(id: number): void;
  log(level: LogLevel, message: string): void;
  /** Keeps the invocation that runs now alive until the returned function is called. */
  holdInvocation(): () => void;
  /** Rejects with a TypeError when there is no response, with the signal's reason when aborted. `upgrade: websocket` asks for a socket. */
  fetch(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse>;
}

let current: HostPort | null = null;

/** The connected port. Throws at module top level, where nothing of the outside may be used. */
export function hostPort(): HostPort {
  if (current === null) {
    throw new Error(
      "Cannot use time, random values, timers, fetch, caches or crypto at the module's top level: they belong to a request",
    );
  }
  return current;
}

/** The connected port, or null at module top level. */
export function hostPortOrNull(): HostPort | null {
  return current;
}

/** Called once by the bridge. */
export function connectHostPort(port: HostPort): void {
  current = port;
}
