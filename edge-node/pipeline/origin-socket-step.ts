/**
 * A request for a WebSocket on its way to the origin: the handshake with one of its sources, its 101 or whatever else it answers.
 *
 * A handshake is made anew for the origin (RFC 6455 §4.1): protocols are offered on, extensions are not. Invariant: a socket to an origin either
 * reaches the client with the 101 or is closed.
 */
import { askOrigin, type OriginAsk, type OriginResult } from "../origin/origin-client.ts";
import { openSocketAt } from "../origin/socket-attempt.ts";
import type { RoutedDomain } from "../routing/routing.ts";
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
  const startedMs = services.clock.monotonicMs();
  const result = await askForSocket(ask, exchange, relay);
  const durationMs = services.clock.monotonicMs() - startedMs;
  return takeAnswer(services, exchange, { result, domain, relay, durationMs });
}

function askForSocket(ask: OriginAsk, exchange: Exchange, relay: RelayedSocket): Promise<OriginResult> {
  const attempt = { guest: relay.fromOrigin, onOpen: relay.connect.bind(relay) };
  return new Promise((resolve) => {
    exchange.running(askOrigin({ ...ask, send: openSocketAt(ask, attempt) }, resolve));
  });
}

interface Asked {
  readonly result: OriginResult;
  readonly domain: RoutedDomain;
  readonly relay: RelayedSocket;
  readonly durationMs: number;
}

function takeAnswer(services: Services, exchange: Exchange, { result, domain, relay, durationMs }: Asked): StepName {
  exchange.running(null);
  const code = result.kind === "failed" ? originCode(result.code) : null;
  services.metrics.countOrigin(domain.config.domain, { code, durationMs });
  exchange.originMs = durationMs;
  if (result.kind === "failed") {
    failExchange(exchange, originCode(result.code));
    return "clientResponse";
  }
  exchange.originAddress = result.target.origin;
  const { status, headers, body } = result;
  if (status === 101) {
    answerWithSocket(exchange, { headers, socket: relay });
    return "responseConfiguration";
  }
  exchange.response = { status, headers, body };
  return "originResponse";
}
