/**
 * A client's WebSocket: messages from uWebSockets to the function's end, and the function's words to the client.
 *
 * uWebSockets cannot stop reading one socket, so a client that sends faster than the function takes is closed at a bound. Invariants: the
 * native socket is never touched after its close handler ran; the guest's end is closed exactly once, from there.
 */
import {
  bufferBytes,
  type GuestSocket,
  type SocketClose,
  type SocketEnd,
  type SocketMessage,
} from "../../runtime/socket.ts";
import { socketLimits } from "../../sdk/limits.ts";
import type { UwsSocket } from "../uws.ts";

/** What uWebSockets carries for each socket. */
export interface SocketData {
  readonly client: ClientSocket;
}

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
/** Bytes that may lie in the socket's buffer while its sender is told to go on. */
const WRITE_AHEAD_BYTES = 65_536;

export class ClientSocket implements SocketEnd {
  readonly #guest: GuestSocket;
  #socket: UwsSocket<SocketData> | null = null;
  #unhandledBytes = 0;
  /** Of messages in the socket's buffer. */
  #waiting: (() => void)[] = [];
  /** Why this node ended it. */
  #failure: Pick<SocketClose, "code" | "reason"> | null = null;

  constructor(guest: GuestSocket) {
    this.#guest = guest;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  /** The open handler: does nothing else, see `ClientSockets.upgrade`. */
  opened(socket: UwsSocket<SocketData>): void {
    this.#socket = socket;
  }

  /** Joins the open socket with the function's end. */
  join(): void {
    this.#guest.attach(this);
  }

  /** The bytes are lent for the time of the call. */
  received(lent: ArrayBuffer, isBinary: boolean): void {
    const bytes = lent.byteLength;
    if (bytes > socketLimits.messageBytesMax) {
      this.fail(1009, `A message has ${bytes} bytes, allowed ${socketLimits.messageBytesMax}`);
      return;
    }
    const held = bufferBytes(bytes);
    this.#unhandledBytes += held;
    if (this.#unhandledBytes > socketLimits.receiveBufferBytesMax) {
      this.fail(1013, "The function does not take messages fast enough");
      return;
    }
    const message = isBinary ? new Uint8Array(lent.slice(0)) : Buffer.from(lent).toString();
    this.#guest.message(message, () => {
      this.#unhandledBytes -= held;
    });
  }

  drained(): void {
    const socket = this.#socket;
    if (socket === null || socket.getBufferedAmount() > WRITE_AHEAD_BYTES) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const taken of waiting) taken();
  }

  /**
   * The close handler: the native socket is gone. The library calls a client's code of 3000..3999 or 1012..1014 invalid and says 1006 for it, as for
   * a lost connection; nothing tells the two apart.
   */
  closed(code: number, reason: string): void {
    this.#socket = null;
    this.#waiting = [];
    const failure = this.#failure;
    if (failure !== null) this.#guest.close({ ...failure, wasClean: false });
    else if (code === 1006) this.#guest.close({ code, reason: "", wasClean: false });
    else this.#guest.close({ code: code === 0 ? 1005 : code, reason, wasClean: true });
  }

  message(message: SocketMessage, taken: () => void): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.send(message, typeof message !== "string");
    if (socket.getBufferedAmount() <= WRITE_AHEAD_BYTES) taken();
    else this.#waiting.push(taken);
  }

  close({ code, reason }: SocketClose): void {
    if (code === 1006) this.#socket?.close();
    else if (code === 1005) this.#socket?.end();
    else this.#socket?.end(code, reason);
  }

  /** The node goes down; its function and its client part in peace. */
  leave(reason: string): void {
    this.#socket?.end(GOING_AWAY, reason);
  }

  /** Ends the socket on this node's own account. */
  fail(code: number, reason: string): void {
    this.#failure ??= { code, reason };
    this.#socket?.end(code, reason);
  }
}
