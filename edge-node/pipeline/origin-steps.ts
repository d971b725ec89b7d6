/**
 * The origin's part of the pipeline: the request as it goes out, the originPull rules, an HTTP function instead of the origin, the origin itself.
 *
 * Knows the order of things; where a request goes is in origin-route.ts.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { getHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import { askFollowing } from "../origin/follow-redirects.ts";
import type { DomainOrigins } from "../origin/domain-origins.ts";
import { askOrigin, type OriginResult } from "../origin/origin-client.ts";
import { ruleFor, type RoutedRule } from "../routing/routing.ts";
import type { Exchange, RequestMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { removeHopByHop } from "./hop-headers.ts";
import { applyHeaderActions } from "./origin-headers.ts";
import { configuredTargets, redirectRoute, routeToOrigin } from "./origin-route.ts";
import { LaterStep, type Next } from "./later-step.ts";
import { matchingRules, runRequestPhase } from "./run-phase.ts";
import { runRule } from "./run-rule.ts";
import type { Services } from "./services.ts";
import { answerFailure } from "./stale-answers.ts";
import type { StepName } from "./steps.ts";
import { answerWithSocket } from "./upgrade.ts";

/** The domain's configuration of the request to the origin; functions see its result. */
export function configureOriginRequest(services: Services, exchange: Exchange): StepName {
  exchange.requestedAt = services.clock.now();
  const { domain, request } = exchange;
  if (domain === undefined) return "originPull";
  const targets = configuredTargets(services, exchange);
  exchange.originTargets = targets;
  let { headers } = request;
  const [first] = targets;
  if (first !== undefined && first.host !== getHeader(headers, "host"))
    headers = setHeader(headers, "host", first.host);
  exchange.configuredHost = first?.host ?? request.url.host;
  const { origin_request_header: actions } = domain.config;
  if (actions.length > 0) headers = applyHeaderActions(headers, actions);
  const url = domain.policy?.rewriteOrigin === undefined ? request.url : domain.policy.rewriteOrigin(request.url);
  if (url === null) {
    failExchange(exchange, "REQUEST_MALFORMED");
    return "clientResponse";
  }
  const isSame = headers === request.headers && url === request.url;
  exchange.originRequest = isSame ? request : { ...request, url, headers };
  return "originPull";
}

/** The originPull rules; a function's word is the last one. */
export function pullFromOrigin(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const rules = matchingRules(exchange, "originPull", exchange.request.url);
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
  exchange.headersBeforePull = result.request.headers === request.headers ? null : request.headers;
  exchange.originRequest = result.request;
  return "httpFunction";
}

/** The first `fetch` rule that matches answers; when it fails and may be left out, the origin does. */
export function runHttpFunction(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const [named] = matchingRules(exchange, "fetch", exchange.request.url);
  if (named === undefined) return "origin";
  return applyHttpFunction(services, exchange, ruleFor(named, exchange, services.random));
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
      return answerFailure(services, exchange, result.kind === "failed" ? result.code : "FUNCTION_RESULT_INVALID");
  }
}

/** Asks the origin. */
export function fetchFromOrigin(services: Services, exchange: Exchange): StepName | LaterStep {
  const request = exchange.originRequest ?? exchange.request;
  const ask = routeToOrigin(services, exchange, request);
  if (exchange.domain === undefined || ask === null || ask.targets.length === 0) {
    failExchange(exchange, "ORIGIN_NOT_CONFIGURED");
    return "clientResponse";
  }
  const { origins } = exchange.domain;
  const startedMs = ask.askedMs;
  const later = new LaterStep();
  const settle = (result: OriginResult): void => {
    let next: Next;
    try {
      next = takeAnswer(services, exchange, { result, origins, startedMs });
    } catch (error) {
      later.fail(error);
      return;
    }
    later.settle(next);
  };
  const follows = origins.followsRedirects && isPlain(request);
  const route = follows ? redirectRoute(services, exchange, origins) : null;
  exchange.running(route === null ? askOrigin(ask, settle) : askFollowing(ask, route, settle));
  return later;
}

function takeAnswer(
  services: Services,
  exchange: Exchange,
  asked: { readonly result: OriginResult; readonly origins: DomainOrigins; readonly startedMs: number },
): Next {
  const { result, origins, startedMs } = asked;
  const code = result.kind === "failed" ? originCode(result.code) : null;
  const durationMs = services.clock.monotonicMs() - startedMs;
  exchange.originMs = durationMs;
  services.metrics.countOrigin(origins.domain, { code, durationMs });
  if (result.kind === "failed") {
    exchange.running(null);
    return answerFailure(services, exchange, originCode(result.code));
  }
  exchange.originAddress = result.target.origin;
  exchange.response = { status: result.status, headers: result.headers, body: result.body };
  return "originResponse";
}

/** A redirect of such a request can be followed on the client's behalf. */
function isPlain({ method, body }: RequestMessage): boolean {
  return (method === "GET" || method === "HEAD") && body.kind === "empty";
}

function withoutHopByHop(headers: HeaderText): HeaderText {
  return headers.includes("connection:") ? removeHopByHop(headers) : headers;
}

/** An origin's refused address is the configuration's fault, not the function's. */
export function originCode(code: ErrorCode): ErrorCode {
  return code === "EGRESS_DENIED" ? "ORIGIN_DENIED" : code;
}
