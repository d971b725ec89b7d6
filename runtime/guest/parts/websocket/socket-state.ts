/**
 * What a WebSocket is, apart from its face: states, buffered bytes, and where messages go: to the host, or to the other end of a pair.
 *
 * Knows neither URLs nor Web IDL. Invariants: no event is dispatched before the socket was accepted; after `close` was dispatched there is no
 * further event; an end that was given to a Response is never used by anybody else.
 */
import { DOMException } from "../../web/core/dom-exception.ts";
import { blobOver } from "../../web/body/blob.ts";
import { ErrorEvent, Event } from "../../web/events/event.ts";
import { EventTarget } from "../../web/events/event-target.ts";
import { MessageEvent } from "../../web/events/message-event.ts";
import type { HostSocket, SocketData, SocketEvents } from "../../host-port.ts";
import { CloseEvent } from "./close-event.ts";

export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;
export type ReadyState = typeof CONNECTING | typeof OPEN | typeof CLOSING | typeof CLOSED;

export type BinaryType = "blob" | "arraybuffer";

/** `client`: made by `new WebSocket`, open as soon as the server says so. `end`: of a pair or a response, open when it is accepted. */
export type SocketKind = "client" | "end";

/** Joins a socket that was given to a Response with the host's. */
export type SocketCoupling = (host: HostSocket) => void;

type Arrival =
  | { readonly kind: "message"; readonly data: SocketData; readonly handled: () => void }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string; readonly wasClean: boolean };

const { apply } = Reflect;
const { dispatchEvent } = EventTarget.prototype;
const promiseThen = Promise.prototype.then;
const resolved = Promise.resolve();

export class SocketState implements SocketEvents {
  readonly kind: SocketKind;
  readyState: ReadyState;
  binaryType: BinaryType;
  bufferedAmount: number = 0;
  url: string = "";
  /** Of the URL, for events. */
  origin: string = "";
  protocol: string = "";
  isAccepted: boolean;
  /** Stops the opening handshake; set while connecting. */
  abortHandshake: (() => void) | null = null;
  #face: EventTarget | null = null;
  #host: HostSocket | null = null;
  #peer: SocketState | null = null;
  #isGiven = false;
  /** What the other end of the pair said before this end was accepted. */
  #inbox: Arrival[] = [];
  /** Bytes of messages that have not left yet, oldest first. */
  readonly #unsent: number[] = [];

  constructor(kind: SocketKind, host: HostSocket | null) {
    this.kind = kind;
    this.#host = host;
    const isClient = kind === "client";
    this.readyState = isClient ? CONNECTING : OPEN;
    this.isAccepted = isClient;
    // Ends are not of the standard: code for them expects buffers.
    this.binaryType = isClient ? "blob" : "arraybuffer";
  }

  /** Two ends, joined. */
  static pair(): readonly [SocketState, SocketState] {
    const one = new SocketState("end", null);
    const other = new SocketState("end", null);
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  /** The object events are dispatched at. */
  setFace(face: EventTarget): void {
    this.#face = face;
  }

  accept(): void {
    if (this.kind === "client")
      throw new TypeError("Cannot accept: a WebSocket made by its constructor opens by itself");
    if (this.#isGiven) throw new TypeError("Cannot accept: this end was given to a Response");
    if (this.isAccepted) return;
    this.isAccepted = true;
    const waiting = this.#inbox;
    this.#inbox = [];
    for (let index = 0; index < waiting.length; index += 1) {
      const arrival = waiting[index];
      if (arrival !== undefined) this.#later(arrival);
    }
    // Listeners are usually added just after: what the host has comes in a moment.
    if (this.#host !== null) void promiseThen.call(resolved, () => this.#host?.listen(this));
  }

  /** The opening handshake of a client ended well. */
  opened(host: HostSocket, protocol: string): void {
    this.abortHandshake = null;
    if (this.readyState !== CONNECTING) {
      host.close(1006, "");
      this.closed(1006, "", false);
      return;
    }
    this.#host = host;
    this.readyState = OPEN;
    this.protocol = protocol;
    this.#fire(new Event("open"));
    host.listen(this);
  }

  /** `bytes`: the payload's length. Does nothing but count once the socket is closing. */
  send(data: SocketData, bytes: number): void {
    this.bufferedAmount += bytes;
    if (this.readyState !== OPEN) return;
    this.#unsent[this.#unsent.length] = bytes;
    if (this.#host !== null) this.#host.send(data);
    else this.#peer?.arrive({ kind: "message", data, handled: () => this.sent() });
  }

  /** `code` 1005: none. */
  close(code: number, reason: string): void {
    if (this.readyState === CLOSING || this.readyState === CLOSED) return;
    const wasConnecting = this.readyState === CONNECTING;
    this.readyState = CLOSING;
    if (wasConnecting) this.abortHandshake?.();
    else if (this.#host !== null) this.#host.close(code, reason);
    else this.#peer?.arrive({ kind: "closed", code, reason, wasClean: true });
  }

  message(data: SocketData, handled: () => void): void {
    try {
      if (this.readyState === OPEN)
        this.#fire(new MessageEvent("message", { data: this.#seen(data), origin: this.origin }));
    } finally {
      handled();
    }
  }

  sent(): void {
    this.bufferedAmount -= this.#unsent.shift() ?? 0;
  }

  closed(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    if (!wasClean) {
      const message = reason === "" ? "The WebSocket connection failed" : reason;
      this.#fire(new ErrorEvent("error", { message, error: new DOMException(message, "NetworkError") }));
    }
    this.#fire(new CloseEvent("close", { code, reason, wasClean }));
  }

  /** Gives this end away to a Response. Throws a TypeError when it is in use. */
  give(): SocketCoupling {
    if (this.kind === "client" || this.isAccepted || this.#isGiven) {
      throw new TypeError("Cannot send the response: its webSocket is in use already");
    }
    this.#isGiven = true;
    return (host) => {
      const own = this.#host;
      if (own !== null) relay(own, host);
      else this.#peer?.joinHost(host, this.#inbox);
    };
  }

  /** From here on the other end of the pair is the host; what was said to it before goes there first. */
  joinHost(host: HostSocket, said: readonly Arrival[]): void {
    this.#host = host;
    this.#peer = null;
    for (let index = 0; index < said.length; index += 1) {
      const arrival = said[index];
      if (arrival?.kind === "message") host.send(arrival.data);
      else if (arrival !== undefined) host.close(arrival.code, arrival.reason);
    }
    if (this.isAccepted) host.listen(this);
  }

  /** The other end of the pair says something. */
  arrive(arrival: Arrival): void {
    if (this.isAccepted) this.#later(arrival);
    else this.#inbox[this.#inbox.length] = arrival;
  }

  #later(arrival: Arrival): void {
    void promiseThen.call(resolved, () => {
      if (arrival.kind === "message") {
        this.message(arrival.data, arrival.handled);
        return;
      }
      this.closed(arrival.code, arrival.reason, arrival.wasClean);
      this.#peer?.closed(arrival.code, arrival.reason, arrival.wasClean);
    });
  }

  #seen(data: SocketData): unknown {
    if (typeof data === "string" || this.binaryType === "arraybuffer") return data;
    return blobOver(new Uint8Array(data), "");
  }

  #fire(event: Event): void {
    if (this.#face !== null) apply(dispatchEvent, this.#face, [event]);
  }
}

/** Passes everything between two sockets of the host. */
function relay(one: HostSocket, other: HostSocket): void {
  one.listen(passingTo(other, one));
  other.listen(passingTo(one, other));
}

function passingTo(to: HostSocket, from: HostSocket): SocketEvents {
  const unhandled = handledBy(to);
  const own = handledBy(from);
  return {
    message(data, handled) {
      unhandled[unhandled.length] = handled;
      to.send(data);
    },
    sent: () => own.shift()?.(),
    closed: (code, reason) => to.close(code, reason),
  };
}

/** What is to be called for each message that a socket was given by a relay, oldest first. */
function handledBy(socket: HostSocket): (() => void)[] {
  let list = relayed.get(socket);
  if (list === undefined) relayed.set(socket, (list = []));
  return list;
}

const relayed = new WeakMap<HostSocket, (() => void)[]>();
