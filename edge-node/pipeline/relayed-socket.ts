/**
 * A client's WebSocket joined with the origin's: what one end says goes to the other, no faster than it is taken, and so does the end of it.
 *
 * Knows neither's framing. Invariant: the origin's end is closed when the client's is and the other way round, also when either closes before the
 * other was there.
 */
import type { GuestSocket, SocketClose, SocketEnd, SocketMessage } from "../../runtime/socket.ts";

export class RelayedSocket implements GuestSocket {
  /** Hears what the origin says. */
  readonly fromOrigin: SocketEnd = {
    message: (message, taken) => this.#fromOrigin(message, taken),
    close: (close) => this.#originClosed(close),
  };
  #client: SocketEnd | null = null;
  #origin: SocketEnd | null = null;
  /** What the origin said before the client was there; it waits for `taken`, which bounds them. */
  #early: { readonly message: SocketMessage; readonly taken: () => void }[] = [];
  #originEnd: SocketClose | null = null;
  #isClosed = false;

  /** Called at most once, before the client is attached. */
  connect(origin: SocketEnd): void {
    this.#origin = origin;
    if (this.#isClosed) origin.close({ code: 1006, reason: "", wasClean: false });
  }

  attach(client: SocketEnd): void {
    this.#client = client;
    const early = this.#early;
    this.#early = [];
    for (const { message, taken } of early) client.message(message, taken);
    if (this.#originEnd !== null) client.close(this.#originEnd);
  }

  /** From the client. */
  message(message: SocketMessage, taken: () => void): void {
    this.#origin?.message(message, taken);
  }

  /** The client's end is closed. */
  close(close: SocketClose): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#early = [];
    this.#origin?.close(close);
  }

  #fromOrigin(message: SocketMessage, taken: () => void): void {
    if (this.#client !== null) this.#client.message(message, taken);
    else if (!this.#isClosed) this.#early.push({ message, taken });
  }

  #originClosed(close: SocketClose): void {
    this.#originEnd = close;
    this.#client?.close(close);
  }
}
