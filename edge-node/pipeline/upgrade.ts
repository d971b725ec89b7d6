/**
 * The pipeline's part of a WebSocket: a function answered an upgrade with one end of a socket, which goes to the client with the 101.
 *
 * Such an answer passes neither the cache nor originResponse and clientResponse rules: there is no message for them to see.
 * Invariant: a socket either reaches the client with its 101 or is closed.
 */
import type { GuestSocket } from "../../runtime/socket.ts";
import { getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { discardBody } from "./discard-body.ts";
import type { Exchange } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { removeHopByHop } from "./hop-headers.ts";
import type { Services } from "./services.ts";

/** A 101 with the socket behind it. */
export interface SocketAnswer {
  readonly headers: HeaderText;
  readonly socket: GuestSocket;
}

/** Makes the 101 the exchange's answer. */
export function answerWithSocket(exchange: Exchange, { headers, socket }: SocketAnswer): void {
  exchange.socket = socket;
  exchange.response = { status: 101, headers: removeHopByHop(headers), body: { kind: "empty" } };
}

/** Lets go of a socket that does not reach the client. */
export function dropSocket(exchange: Exchange): void {
  exchange.socket?.close({ code: 1006, reason: "", wasClean: false });
  exchange.socket = null;
}

/** An answer without a socket that its client would take for one becomes a refusal. */
export function refuseTunnel(services: Services, exchange: Exchange): void {
  const { opensTunnel, response, socket } = exchange;
  if (!opensTunnel || socket !== null || response === null || response.status >= 300) return;
  services.background.add("body.discard", discardBody(response.body));
  failExchange(exchange, "SOCKET_NOT_OPENED");
}

/** Whether the exchange's client asked for a socket, and with the protocol that the function chose (RFC 6455 §4.2.2). */
export function mayUpgrade(exchange: Exchange, headers: HeaderText): boolean {
  const offered = exchange.socketProtocols;
  if (offered === null) return false;
  const chosen = getHeader(headers, "sec-websocket-protocol");
  return chosen === undefined || offered.includes(chosen);
}
