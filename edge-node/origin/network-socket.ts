/**
 * An open WebSocket of the `ws` package as one end of a socket: a server that was connected to, or a client that came over TLS.
 *
 * Knows neither side's purpose. Invariants: a peer that sends faster than the other end takes is made to wait; one that answers no ping is lost; the
 * other end is closed exactly once.
 */
import { WebSocket } from "ws";
import { bufferBytes, type SocketClose, type SocketEnd, type SocketMessage } from "../../runtime/socket.ts";
import { socketLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";

/** The network's end of an open socket. */
export class NetworkSocket implements SocketEnd {
  readonly #socket: WebSocket;
  readonly #guest: SocketEnd;
  readonly #clock: Clock;
  #unhandledBytes = 0;
  #isAlive = true;
  #cancelPing: () => void = ignore;
  #failure: Pick<SocketClose, "code" | "reason"> | null = null;

  constructor(socket: WebSocket, { guest, clock }: { readonly guest: SocketEnd; readonly clock: Clock }) {
    this.#socket = socket;
    this.#guest = guest;
    this.#clock = clock;
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    socket.on("error", (error) => {
      if (error instanceof RangeError) this.#failure = { code: 1009, reason: "A message is too big" };
    });
    socket.on("close", (code, reason) => this.#closed(code, reason.toString()));
    this.#ping();
  }

  message(message: SocketMessage, taken: () => void): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message, { binary: typeof message !== "string" }, () => taken());
  }

  close({ code, reason }: SocketClose): void {
    if (code === 1006) this.#socket.terminate();
    else if (code === 1005) this.#socket.close();
    else this.#socket.close(code, reason);
    // A closing handshake needs to be read.
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#isAlive = true;
    const message = isBinary ? data : data.toString();
    const held = bufferBytes(data.byteLength);
    this.#unhandledBytes += held;
    if (this.#unhandledBytes > socketLimits.receiveWindowBytes) this.#socket.pause();
    this.#guest.message(message, () => {
      this.#unhandledBytes -= held;
      if (this.#socket.isPaused && this.#unhandledBytes <= socketLimits.receiveWindowBytes / 2) this.#socket.resume();
    });
  }

  /** A server that answers nothing for two periods is lost; one that has to wait is not asked. */
  #ping(): void {
    this.#cancelPing = this.#clock.after((socketLimits.idleSeconds * 1_000) / 2, () => {
      if (!this.#isAlive && !this.#socket.isPaused) {
        this.#socket.terminate();
        return;
      }
      this.#isAlive = false;
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
      this.#ping();
    });
  }

  #closed(code: number, reason: string): void {
    this.#cancelPing();
    const failure = code === 1006 ? this.#failure : null;
    this.#guest.close({ code, reason, ...failure, wasClean: code !== 1006 });
  }
}

function ignore(): void {}
