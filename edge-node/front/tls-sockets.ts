/**
 * WebSockets of clients that came over TLS, by HTTP/1.1 or within a stream of HTTP/2: RFC 6455's server is the `ws` package's.
 *
 * Knows no pipeline: it is told which answer upgrades which request. Invariant: every socket that was opened is in the set until it is closed.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { GuestSocket } from "../../runtime/socket.ts";
import { forEachHeader, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { socketLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import { NetworkSocket } from "../origin/network-socket.ts";
import { isOwnField } from "../pipeline/written-fields.ts";

/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const CLOSING_REASON = "The node is shutting down";

export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came behind the head already. */
  readonly head: Buffer;
}

export class TlsSockets {
  readonly #clock: Clock;
  readonly #open = new Set<WebSocket>();
  #isClosing = false;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Sends the 101 and joins the client with the other end, which is closed when that fails. */
  upgrade(
    { request, socket, head }: UpgradeRequest,
    { headers, guest }: { readonly headers: HeaderText; readonly guest: GuestSocket },
  ): void {
    const protocol = getHeader(headers, "sec-websocket-protocol") ?? false;
    // One for each handshake: its answers differ, and it holds nothing else.
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: socketLimits.messageBytesMax,
      handleProtocols: () => protocol,
    });
    server.on("headers", (lines) => lines.push(...headerLines(headers)));
    let isOpen = false;
    const lose = (): void => {
      if (!isOpen) guest.close({ code: 1006, reason: "", wasClean: false });
    };
    socket.once("close", lose);
    if (socket.destroyed) return lose();
    server.handleUpgrade(request, socket, head, (client) => {
      isOpen = true;
      this.#open.add(client);
      client.on("close", () => this.#open.delete(client));
      guest.attach(new NetworkSocket(client, { guest, clock: this.#clock }));
      if (this.#isClosing) client.close(GOING_AWAY, CLOSING_REASON);
    });
  }

  /** Says good-bye to every client, and to those that are on their way. */
  closeAll(): void {
    this.#isClosing = true;
    for (const client of this.#open) client.close(GOING_AWAY, CLOSING_REASON);
  }

  terminateAll(): void {
    for (const client of this.#open) client.terminate();
  }
}

/** The library writes the handshake's own, and those as it pleases. */
function headerLines(headers: HeaderText): readonly string[] {
  const lines: string[] = [];
  forEachHeader(headers, (name, value) => {
    if (!isOwnField(name) && !name.startsWith("sec-websocket-")) lines.push(`${name}: ${value}`);
  });
  return lines;
}
