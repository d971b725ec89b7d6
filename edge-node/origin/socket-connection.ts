/**
 * WebSockets that functions open (InvocationHost.connect): the opening handshake under the same egress rules as every subrequest, then messages
 * both ways. RFC 6455's client is the `ws` package's.
 *
 * Knows no function and counts nothing: limits on numbers are the runtime's. Invariants: the address that is connected to passed the egress
 * policy; a server that sends faster than the function takes is made to wait; once open, the guest's end is closed exactly once.
 */
import type { IncomingMessage } from "node:http";
import net from "node:net";
import type tls from "node:tls";
import { WebSocket } from "ws";
import { emptyBody, type Body } from "../../runtime/body.ts";
import { SubrequestError, type SocketConnection, type Subrequest } from "../../runtime/driver.ts";
import type { SocketEnd } from "../../runtime/socket.ts";
import { getAllHeaders, headerEntries, isHeaderValue, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits, socketLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import { removeHopByHop } from "../pipeline/hop-headers.ts";
import { EgressDeniedError } from "./checked-lookup.ts";
import type { Connections } from "./connections.ts";
import type { AddressRules } from "./egress-rules.ts";
import { NetworkSocket } from "./network-socket.ts";
import { notListed, type SubrequestContext } from "./subrequest.ts";

export interface SocketContext extends Omit<SubrequestContext, "egress"> {
  readonly clock: Clock;
  /** What the lists of whoever asks say of the place; null: whatever the node allows. */
  readonly addresses: AddressRules | null;
  /** For a server that is reached by another name than its own. Default: the URL's, with a checked certificate. */
  readonly place?: SocketPlace;
}

export interface SocketPlace {
  /** The Host field; its name is what https must prove. */
  readonly host: string;
  readonly certificate: "checked" | "any";
}

/** Opens a WebSocket whose messages go to `guest`. Throws SubrequestError when there is neither a socket nor a response. */
export async function connectSocket(
  context: SocketContext,
  request: Subrequest,
  guest: SocketEnd,
): Promise<SocketConnection> {
  const url = URL.parse(request.url);
  if (url === null) throw new SubrequestError("REQUEST_MALFORMED", "The URL is not valid");
  if (context.signal.aborted) throw aborted();
  const socket = startHandshake(context, { url, headers: request.headers });
  const abort = (): void => socket.terminate();
  context.signal.addEventListener("abort", abort, { once: true });
  try {
    return await answerOf(socket, { context, guest, url: request.url });
  } catch (error) {
    throw context.signal.aborted ? aborted() : error;
  } finally {
    context.signal.removeEventListener("abort", abort);
  }
}

/** Fields that the handshake itself writes. */
const ownFields = ["host", "expect", "content-length", "sec-websocket-key", "sec-websocket-version"];

function startHandshake(
  { connections, addresses, cdnLoop, place }: SocketContext,
  { url, headers }: { readonly url: URL; readonly headers: HeaderText },
): WebSocket {
  const fields: Record<string, string[]> = { "cdn-loop": [cdnLoop] };
  for (const [name, value] of headerEntries(removeHopByHop(headers))) {
    const isOwn = ownFields.includes(name) || name === "cdn-loop" || name.startsWith("sec-websocket-");
    if (!isOwn) (fields[name] ??= []).push(value);
  }
  if (place !== undefined) fields["host"] = [place.host];
  const protocols = getAllHeaders(headers, "sec-websocket-protocol")
    .flatMap((line) => line.split(","))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
  try {
    // The types do not know of it yet.
    const closing = { closeTimeout: socketLimits.closeMs };
    return new WebSocket(url, protocols, {
      ...closing,
      ...(place === undefined ? {} : secureOptions(place, connections)),
      lookup: connections.checkedLookup(url.hostname, addresses),
      // The option takes lists as http.request does; its type knows single values only.
      headers: fields as unknown as Record<string, string>,
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: socketLimits.messageBytesMax,
      maxHeaderSize: messageLimits.headerBytesMax,
      handshakeTimeout: socketLimits.handshakeMs,
    });
  } catch (error) {
    if (error instanceof EgressDeniedError) throw unreachable(error);
    throw new SubrequestError("REQUEST_MALFORMED", "The WebSocket's URL or protocols are not valid");
  }
}

function secureOptions({ host, certificate }: SocketPlace, { authorities }: Connections): tls.ConnectionOptions {
  const serverName = host.replace(/:\d+$/, "");
  return {
    // An address cannot be asked for by SNI.
    ...(net.isIP(serverName.replace(/^\[|\]$/g, "")) === 0 ? { servername: serverName } : {}),
    rejectUnauthorized: certificate === "checked",
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
  };
}

function answerOf(
  socket: WebSocket,
  given: { readonly context: SocketContext; readonly guest: SocketEnd; readonly url: string },
): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    let headers: HeaderText = "";
    socket.on("upgrade", (response) => {
      headers = removeHopByHop(headerText(response)).replace(/^sec-websocket-(?:accept|extensions):[^\n]*\n/gm, "");
    });
    socket.on("open", () => {
      const end = new NetworkSocket(socket, { guest: given.guest, clock: given.context.clock });
      resolve({ kind: "socket", headers, end });
    });
    socket.on("unexpected-response", (_request, response) => {
      resolve({ kind: "response", response: { ...describeResponse(response), url: given.url, redirected: false } });
    });
    // Also the way of what goes wrong later; what happened then is told by the close event.
    socket.on("error", (error) => reject(unreachable(error)));
  });
}

function describeResponse(response: IncomingMessage): {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderText;
  readonly body: Body;
} {
  const { statusCode: status = 0, statusMessage: statusText = "" } = response;
  const isEmpty = status === 204 || status === 304 || response.headers["content-length"] === "0";
  if (isEmpty) response.resume();
  const body: Body = isEmpty ? emptyBody : { kind: "stream", chunks: response, lengthBytes: undefined };
  return { status, statusText, headers: removeHopByHop(headerText(response)), body };
}

function headerText({ rawHeaders }: IncomingMessage): HeaderText {
  let text = "";
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1] ?? "";
    if (isHeaderValue(value)) text += `${(rawHeaders[index] ?? "").toLowerCase()}:${value}\n`;
  }
  return text;
}

function aborted(): SubrequestError {
  return new SubrequestError("REQUEST_ABORTED", "The request was aborted");
}

/** What a function may read about the network: never the address that was tried. */
function unreachable(error: Error): SubrequestError {
  if (error instanceof EgressDeniedError && error.code === "FUNCTION_EGRESS_DENIED") return notListed();
  if (error instanceof EgressDeniedError) return new SubrequestError("EGRESS_DENIED", "The address may not be reached");
  // Errors of the system have a code; those of the handshake have none.
  const isSystems = "code" in error && typeof error.code === "string";
  return isSystems
    ? new SubrequestError("ORIGIN_UNREACHABLE", "The server could not be reached")
    : new SubrequestError("ORIGIN_MALFORMED", "The server did not open a WebSocket");
}
