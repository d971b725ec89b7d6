/**
 * A request for a WebSocket on its way to the origin: the handshake with the first of its sources that can be reached, its 101 or whatever else it
 * answers.
 *
 * A handshake is made anew for the origin (RFC 6455 §4.1): protocols are offered on, extensions are not. Invariant: a socket to an origin either
 * reaches the client with the 101 or is closed.
 */
import { SubrequestError, type SocketConnection } from "../../runtime/driver.ts";
import { getAllHeaders, getHeader } from "../../sdk/header-text.ts";
import type { OriginAsk } from "../origin/origin-client.ts";
import type { OriginTarget } from "../origin/origin-target.ts";
import { connectSocket } from "../origin/socket-connection.ts";
import type { Exchange } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { routeToOrigin } from "./origin-route.ts";
import { originCode } from "./origin-steps.ts";
import { RelayedSocket } from "./relayed-socket.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";
import { answerWithSocket } from "./upgrade.ts";

export async function connectToOrigin(services: Services, exchange: Exchange): Promise<StepName> {
  const { domain } = exchange;
  const ask = routeToOrigin(services, exchange, exchange.originRequest ?? exchange.request);
  if (domain === undefined || ask === null || ask.targets.length === 0) {
    failExchange(exchange, "ORIGIN_NOT_CONFIGURED");
    return "clientResponse";
  }
  const relay = new RelayedSocket();
  const giveUp = new AbortController();
  exchange.running({ cancel: () => giveUp.abort() });
  const started = services.clock.monotonicMs();
  const result = await connectToFirst(services, ask, { relay, signal: giveUp.signal });
  exchange.running(null);
  const code = result instanceof SubrequestError ? originCode(result.code) : null;
  services.metrics.countOrigin(domain.config.domain, { code, durationMs: services.clock.monotonicMs() - started });
  if (result instanceof SubrequestError) {
    failExchange(exchange, originCode(result.code));
    return "clientResponse";
  }
  if (result.kind === "response") {
    const { status, headers, body } = result.response;
    exchange.response = { status, headers, body };
    return "originResponse";
  }
  relay.connect(result.end);
  answerWithSocket(exchange, { headers: result.headers, socket: relay });
  return "responseConfiguration";
}

interface Joining {
  readonly relay: RelayedSocket;
  readonly signal: AbortSignal;
}

/** What the first source said that could be reached, or why none could. */
async function connectToFirst(
  services: Services,
  ask: OriginAsk,
  joining: Joining,
): Promise<SocketConnection | SubrequestError> {
  let failure = new SubrequestError("ORIGIN_UNREACHABLE", "There is no source");
  for (const target of ask.targets) {
    try {
      return await connectTo(services, ask, { ...joining, target });
    } catch (error) {
      if (!(error instanceof SubrequestError)) throw error;
      failure = error;
      if (joining.signal.aborted || error.code !== "ORIGIN_UNREACHABLE") return failure;
    }
  }
  return failure;
}

function connectTo(
  { clock }: Services,
  { connections, certificate, request }: OriginAsk,
  { relay, signal, target }: Joining & { readonly target: OriginTarget },
): Promise<SocketConnection> {
  const { headers } = request;
  const context = {
    connections,
    addresses: target.addresses ?? null,
    clock,
    signal,
    cdnLoop: getAllHeaders(headers, "cdn-loop").join(", "),
    place: { host: getHeader(headers, "host") ?? target.host, certificate },
  };
  const message = {
    target: { kind: "network" },
    method: "GET",
    url: `${target.origin}${request.target}`,
    headers,
    body: request.body,
    redirect: "manual",
  } as const;
  return connectSocket(context, message, relay.fromOrigin);
}
