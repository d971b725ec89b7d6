/**
 * One attempt to open a WebSocket at a source of a domain, in the form in which `askOrigin` makes attempts: so sources of sockets are chosen, judged
 * and limited like those of every other request.
 *
 * A 101 is an answer without a body whose socket goes to `onOpen` first. Invariant: `onOver` is called once, for a socket when it is closed.
 */
import { emptyBody } from "../../runtime/body.ts";
import type { SocketConnection } from "../../runtime/driver.ts";
import type { SocketEnd } from "../../runtime/socket.ts";
import { getAllHeaders, getHeader } from "../../sdk/header-text.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { OriginAsk, SendAttempt } from "./origin-client.ts";
import { HandshakeError } from "./handshake-failure.ts";
import type { ExchangeFailure, ExchangeResult } from "./http-exchange.ts";
import { connectSocket } from "./socket-connection.ts";

export interface SocketAttempt {
  /** Gets what the source says. */
  readonly guest: SocketEnd;
  readonly onOpen: (end: SocketEnd) => void;
}

export function openSocketAt(ask: OriginAsk, { guest, onOpen }: SocketAttempt): SendAttempt {
  const { clock, connections, certificate, connectTimeoutMs } = ask;
  return (target, request, settle) => {
    const giveUp = new AbortController();
    let reason: ErrorCode = "REQUEST_ABORTED";
    const { headers, onOver, headTimeoutMs: headMs, idleTimeoutMs: idleMs } = request;
    const context = {
      connections,
      addresses: target.addresses ?? null,
      clock,
      signal: giveUp.signal,
      cdnLoop: getAllHeaders(headers, "cdn-loop").join(", "),
      place: { host: getHeader(headers, "host") ?? target.host, certificate },
      times: { connectMs: connectTimeoutMs, headMs, idleMs },
      ...(onOver === undefined ? {} : { onOver }),
    };
    const message = {
      target: { kind: "network" },
      method: "GET",
      url: `${target.origin}${request.target}`,
      headers,
      body: emptyBody,
      redirect: "manual",
    } as const;
    connectSocket(context, message, guest).then(
      (connection) => settle(resultOf(connection, onOpen)),
      (error: unknown) => settle(failureOf(error, reason)),
    );
    return {
      abort: (code = "REQUEST_ABORTED") => {
        reason = code;
        giveUp.abort();
      },
    };
  };
}

function resultOf(connection: SocketConnection, onOpen: (end: SocketEnd) => void): ExchangeResult {
  if (connection.kind === "socket") {
    onOpen(connection.end);
    const { headers } = connection;
    return { kind: "response", status: 101, statusText: "", headers, body: emptyBody };
  }
  const { status, statusText, headers, body } = connection.response;
  return { kind: "response", status, statusText, headers, body };
}

function failureOf(error: unknown, abortedWith: ErrorCode): ExchangeFailure {
  const failure = error instanceof HandshakeError ? error : new HandshakeError("NODE_INTERNAL", "sent", String(error));
  const { message, unsent } = failure;
  const code = failure.code === "REQUEST_ABORTED" ? abortedWith : failure.code;
  return { kind: "failed", code, message, unsent, dropped: code === "ORIGIN_TRUNCATED" };
}
