/**
 * WebSockets to other servers, for functions (InvocationHost.connect) and for clients that are passed on: the opening handshake under the same
 * egress rules as every subrequest, then messages both ways. RFC 6455's client is the `ws` package's.
 *
 * Knows no function and counts nothing: limits on numbers are its callers'. Invariants: the address that is connected to passed the egress
 * policy; the handshake ends in time, whatever the server says meanwhile; a server that sends faster than the guest takes is made to wait; once
 * open, the guest's end is closed exactly once.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import net from "node:net";
import type tls from "node:tls";
import { WebSocket } from "ws";
import { emptyBody, type Body } from "../../runtime/body.ts";
import type { SocketConnection, Subrequest } from "../../runtime/driver.ts";
import type { SocketEnd } from "../../runtime/socket.ts";
import { getAllHeaders, headerEntries, isHeaderValue, type HeaderText } from "../../sdk/header-text.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import { messageLimits, socketLimits } from "../../sdk/limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { removeHopByHop } from "../pipeline/hop-headers.ts";
import { EgressDeniedError } from "./checked-lookup.ts";
import type { Connections } from "./connections.ts";
import type { AddressRules } from "./egress-rules.ts";
import { HandshakeError, handshakeError } from "./handshake-failure.ts";
import { NetworkSocket } from "./network-socket.ts";
import { ResponseBody, type ResponseBodyOptions } from "./response-body.ts";
import type { SubrequestContext } from "./subrequest.ts";

export interface SocketContext extends Omit<SubrequestContext, "egress"> {
  readonly clock: Clock;
  /** What the lists of whoever asks say of the place; null: whatever the node allows. */
  readonly addresses: AddressRules | null;
  /** For a server that is reached by another name than its own. Default: the URL's, with a checked certificate. */
  readonly place?: SocketPlace;
  /** Default: `socketLimits`. */
  readonly times?: SocketTimes;
  /** Called once when the connection is needed no longer, or there is none. */
  readonly onOver?: () => void;
}

/** Milliseconds. */
export interface SocketTimes {
  /** Until the connection is there. */
  readonly connectMs: number;
  /** From then on until the answer's head. */
  readonly headMs: number;
  /** Between two pieces of an answer that opens no WebSocket. */
  readonly idleMs: number;
}

export interface SocketPlace {
  /** The Host field; its name is what https must prove. */
  readonly host: string;
  readonly certificate: "checked" | "any";
}

const defaultTimes: SocketTimes = {
  connectMs: socketLimits.handshakeMs,
  headMs: socketLimits.handshakeMs,
  idleMs: socketLimits.handshakeMs,
};

/** Opens a WebSocket whose messages go to `guest`. Throws SubrequestError when there is neither a socket nor a response. */
export async function connectSocket(
  context: SocketContext,
  request: Subrequest,
  guest: SocketEnd,
): Promise<SocketConnection> {
  try {
    return await new Handshake(context, request).answer(guest);
  } catch (error) {
    context.onOver?.();
    throw error;
  }
}

/** Fields that the handshake itself writes. */
const ownFields = ["host", "expect", "content-length", "sec-websocket-key", "sec-websocket-version"];

/** From the first byte to the head of the answer. */
class Handshake {
  readonly #context: SocketContext;
  readonly #times: SocketTimes;
  readonly #url: string;
  readonly #socket: WebSocket;
  #isConnected = false;
  #informational = 0;
  /** Why it was ended before the server did. */
  #ended: HandshakeError | null = null;
  #cancelDeadline: CancelTimer = () => {};

  constructor(context: SocketContext, { url, headers }: Subrequest) {
    this.#context = context;
    this.#times = context.times ?? defaultTimes;
    this.#url = url;
    const parsed = URL.parse(url);
    if (parsed === null) throw malformedRequest("The URL is not valid");
    if (context.signal.aborted) throw new HandshakeError("REQUEST_ABORTED", "unsent");
    this.#socket = startHandshake(context, { url: parsed, headers, onRequest: (request) => this.#follow(request) });
    this.#endAfter(this.#times.connectMs);
  }

  async answer(guest: SocketEnd): Promise<SocketConnection> {
    const { signal } = this.#context;
    const abort = (): void => this.#end(new HandshakeError("REQUEST_ABORTED", "sent"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await this.#answered(guest);
    } catch (error) {
      if (this.#ended !== null) throw this.#ended;
      throw error instanceof Error ? handshakeError(error, this.#isConnected ? "made" : "missing") : error;
    } finally {
      this.#cancelDeadline();
      signal.removeEventListener("abort", abort);
    }
  }

  /** Until then the request has no connection. */
  #follow(request: ClientRequest): void {
    const isSecure = request.protocol === "https:";
    request.once("socket", (connection) => {
      connection.once(isSecure ? "secureConnect" : "connect", () => {
        this.#isConnected = true;
        this.#endAfter(this.#times.headMs);
      });
    });
    request.on("information", () => {
      if (++this.#informational > originLimits.informationalMax)
        this.#end(new HandshakeError("ORIGIN_MALFORMED", "sent"));
    });
    request.end();
  }

  #endAfter(delayMs: number): void {
    this.#cancelDeadline();
    this.#cancelDeadline = this.#context.clock.after(delayMs, () => {
      this.#end(new HandshakeError("ORIGIN_TIMEOUT", this.#isConnected ? "sent" : "unsent"));
    });
  }

  #end(reason: HandshakeError): void {
    this.#ended ??= reason;
    this.#socket.terminate();
  }

  #answered(guest: SocketEnd): Promise<SocketConnection> {
    const { clock, onOver } = this.#context;
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let headers: HeaderText = "";
      socket.on("upgrade", (response) => {
        headers = removeHopByHop(headerText(response)).replace(/^sec-websocket-(?:accept|extensions):[^\n]*\n/gm, "");
      });
      socket.on("open", () => {
        const end = new NetworkSocket(socket, { guest, clock });
        if (onOver !== undefined) socket.on("close", onOver);
        resolve({ kind: "socket", headers, end });
      });
      socket.on("unexpected-response", (_request, response) => {
        if (onOver !== undefined) response.on("close", onOver);
        const described = describeResponse(response, { clock, idleMs: this.#times.idleMs });
        resolve({ kind: "response", response: { ...described, url: this.#url, redirected: false } });
      });
      // Also the way of what goes wrong later; what happened then is told by the close event.
      socket.on("error", reject);
    });
  }
}

function startHandshake(
  { connections, addresses, cdnLoop, place }: SocketContext,
  given: { readonly url: URL; readonly headers: HeaderText; readonly onRequest: (request: ClientRequest) => void },
): WebSocket {
  const { url, headers } = given;
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
      finishRequest: given.onRequest,
    });
  } catch (error) {
    if (error instanceof EgressDeniedError) throw handshakeError(error, "missing");
    throw malformedRequest("The WebSocket's URL or protocols are not valid");
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

function describeResponse(
  response: IncomingMessage,
  options: ResponseBodyOptions,
): {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderText;
  readonly body: Body;
} {
  const { statusCode: status = 0, statusMessage: statusText = "" } = response;
  const isEmpty = status === 204 || status === 304 || response.headers["content-length"] === "0";
  if (isEmpty) response.resume();
  const body: Body = isEmpty ? emptyBody : new ResponseBody(response, options).body;
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

function malformedRequest(message: string): HandshakeError {
  return new HandshakeError("REQUEST_MALFORMED", "unsent", message);
}
