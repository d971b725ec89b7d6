/** The network's end of a function's WebSocket, for tests of drivers: it takes what it is told to, and waits for what comes. */
import type { SocketClose, SocketEnd, SocketMessage } from "../../runtime/socket.ts";

export class SocketPeer implements SocketEnd {
  readonly messages: SocketMessage[] = [];
  readonly closes: SocketClose[] = [];
  /** Of messages that were not taken at once. */
  readonly untaken: (() => void)[] = [];
  /** Whether messages leave at once. */
  takes = true;
  #waiting: { readonly isThere: () => boolean; readonly resolve: () => void }[] = [];

  message(message: SocketMessage, taken: () => void): void {
    this.messages.push(typeof message === "string" ? message : Uint8Array.from(message));
    if (this.takes) taken();
    else this.untaken.push(taken);
    this.#look();
  }

  close(close: SocketClose): void {
    this.closes.push(close);
    this.#look();
  }

  /** The first `count` messages. */
  async firstMessages(count: number): Promise<readonly SocketMessage[]> {
    await this.#until(() => this.messages.length >= count);
    return this.messages.slice(0, count);
  }

  async firstClose(): Promise<SocketClose> {
    await this.#until(() => this.closes.length > 0);
    const [close] = this.closes;
    if (close === undefined) throw new Error("no close came");
    return close;
  }

  #until(isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ isThere, resolve });
    });
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ isThere }) => !isThere());
    for (const { isThere, resolve } of waiting) {
      if (isThere()) resolve();
    }
  }
}

/** Hands a message over and resolves when the function handled it. */
export function deliver(end: SocketEnd, message: SocketMessage): Promise<void> {
  return new Promise((resolve) => {
    end.message(message, resolve);
  });
}
