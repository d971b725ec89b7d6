/**
 * The origin's part of the pipeline: the request as it goes out, the originPull rules, an HTTP function instead of the origin, the origin itself.
 *
 * Invariant: a request leaves the domain's own origins only when a function changed its host, and then only to where functions may go.
 */
import { deleteHeader, getHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import { askOrigin, sourceTarget, type OriginTarget } from "../origin/origin-client.ts";
import { orderSources } from "../origin/origin-order.ts";
import type { Connections } from "../origin/connections.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { removeHopByHop } from "./hop-headers.ts";
import type { Exchange, RequestMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { applyHeaderActions, outgoingHeaders } from "./origin-headers.ts";
import { matchingRules, runRequestPhase } from "./run-phase.ts";
import { runRule } from "./run-rule.ts";
import type { RoutedRule } from "../routing/routing.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";
import { answerWithSocket } from "./upgrade.ts";

/** The domain's configuration of the request to the origin; functions see its result. */
export function configureOriginRequest(services: Services, exchange: Exchange): StepName {
  const { domain, request, client } = exchange;
  if (domain === undefined) return "originPull";
  const { sources, origin_protocol: protocol, origin_request_header: actions } = domain.config;
  const place = { protocol, scheme: client.url.scheme, host: request.url.host };
  const targets = orderSources(sources, services.random).map((source) => sourceTarget(source, place));
  exchange.originTargets = targets;
  let { headers } = request;
  const [first] = targets;
  if (first !== undefined && first.host !== getHeader(headers, "host"))
    headers = setHeader(headers, "host", first.host);
  exchange.configuredHost = first?.host ?? request.url.host;
  if (actions.length > 0) headers = applyHeaderActions(headers, actions);
  exchange.originRequest = headers === request.headers ? request : { ...request, headers };
  return "originPull";
}

/** The originPull rules; a function's word is the last one. */
export function pullFromOrigin(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const rules = matchingRules(exchange, "originPull", exchange.request.url.match);
  return rules.length === 0 ? "httpFunction" : applyOriginPull(services, exchange, rules);
}

async function applyOriginPull(
  services: Services,
  exchange: Exchange,
  rules: readonly RoutedRule[],
): Promise<StepName> {
  const request = exchange.originRequest ?? exchange.request;
  const result = await runRequestPhase(services, exchange, { rules, request });
  if (result.kind === "failed") {
    failExchange(exchange, result.code);
    return "clientResponse";
  }
  if (result.kind === "response") {
    exchange.response = result.response;
    return "originResponse";
  }
  if (result.kind === "upgrade") {
    answerWithSocket(exchange, result);
    return "responseConfiguration";
  }
  exchange.originRequest = result.request;
  return "httpFunction";
}

/** The first `fetch` rule that matches answers; when it fails and may be left out, the origin does. */
export function runHttpFunction(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const [rule] = matchingRules(exchange, "fetch", exchange.request.url.match);
  return rule === undefined ? "origin" : applyHttpFunction(services, exchange, rule);
}

async function applyHttpFunction(services: Services, exchange: Exchange, rule: RoutedRule): Promise<StepName> {
  const input = { request: exchange.originRequest ?? exchange.request, response: null };
  const result = await runRule(services, exchange, { rule, input });
  switch (result.kind) {
    case "response":
      exchange.response = { ...result.response, headers: withoutHopByHop(result.response.headers) };
      return "originResponse";
    case "upgrade":
      answerWithSocket(exchange, result);
      return "responseConfiguration";
    case "skipped":
      exchange.originRequest = result.input.request;
      return "origin";
    default:
      failExchange(exchange, result.kind === "failed" ? result.code : "FUNCTION_RESULT_INVALID");
      return "clientResponse";
  }
}

/** Asks the origin. */
export async function fetchFromOrigin(services: Services, exchange: Exchange): Promise<StepName> {
  const { domain } = exchange;
  const request = exchange.originRequest ?? exchange.request;
  const route = chooseRoute(services, exchange, request);
  if (domain === undefined || route.targets.length === 0) {
    failExchange(exchange, "ORIGIN_NOT_CONFIGURED");
    return "clientResponse";
  }
  const started = services.clock.monotonicMs();
  const running = askOrigin(route.connections, {
    request: {
      method: request.method,
      target: `${request.url.path}${request.url.query}`,
      headers: outgoingHeaders(exchange, route.headers),
      body: request.body,
      headTimeoutMs: domain.config.origin_receive_timeout * 1_000,
    },
    targets: route.targets,
  });
  exchange.running(running);
  const result = await running.result;
  const code = result.kind === "failed" ? originCode(result.code) : null;
  services.metrics.countOrigin(domain.config.domain, { code, durationMs: services.clock.monotonicMs() - started });
  if (result.kind === "failed") {
    exchange.running(null);
    failExchange(exchange, originCode(result.code));
    return "clientResponse";
  }
  exchange.response = { status: result.status, headers: result.headers, body: result.body };
  return "originResponse";
}

interface Route {
  readonly connections: Connections;
  readonly targets: readonly OriginTarget[];
  readonly headers: HeaderText;
}

/** A changed host is another origin: one of the domain's own when it is named there, else wherever functions may go. */
function chooseRoute(services: Services, exchange: Exchange, request: RequestMessage): Route {
  const { url, headers } = request;
  const own = exchange.originTargets;
  const configured = exchange.configuredHost;
  if (url.host === exchange.client.url.host) {
    // A Host field that no function set differs from source to source.
    const set = getHeader(headers, "host") !== configured;
    return { connections: services.originConnections, targets: own, headers: set ? headers : dropHost(headers) };
  }
  const untouched = getHeader(headers, "host") === configured;
  const rest = untouched ? dropHost(headers) : headers;
  const named = exchange.domain?.config.sources.filter(
    (source) => source.origin_addr === url.hostname || source.host_name === url.hostname,
  );
  if (named !== undefined && named.length > 0) {
    const place = { protocol: url.scheme, host: url.host } as const;
    const targets = orderSources(named, services.random).map((source) =>
      sourceTarget(source, { ...place, scheme: url.scheme }),
    );
    return { connections: services.originConnections, targets, headers: rest };
  }
  const target: OriginTarget = { origin: `${url.scheme}://${url.host}`, host: url.host };
  return { connections: services.functionConnections, targets: [target], headers: rest };
}

function dropHost(headers: HeaderText): HeaderText {
  return deleteHeader(headers, "host");
}

function withoutHopByHop(headers: HeaderText): HeaderText {
  return headers.includes("connection:") ? removeHopByHop(headers) : headers;
}

/** An origin's refused address is the configuration's fault, not the function's. */
function originCode(code: ErrorCode): ErrorCode {
  return code === "EGRESS_DENIED" ? "ORIGIN_DENIED" : code;
}
