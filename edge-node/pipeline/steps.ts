/**
 * The life of a request as a table: one function per state, each naming the next. ARCHITECTURE.md shows it as a picture.
 *
 * Precedence: in clientRequest, originResponse and clientResponse functions run first and the domain's configuration after them, so
 * configuration wins; in originPull it is the other way round. Every answer passes clientResponse, errors included, except
 * for hosts that are not served here and for clientResponse's own failure.
 */
import { lookUp, placeInCache } from "./cache-steps.ts";
import { askAgain, storeAnswer } from "./store-step.ts";
import { controlAccess, dropAnswer } from "./access-step.ts";
import { deleteHeader, getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { formatCacheNote } from "./cache-note.ts";
import { errorAnswer } from "./error-answer.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import { isLoop } from "./loop-guard.ts";
import { configureOriginRequest, fetchFromOrigin, pullFromOrigin, runHttpFunction } from "./origin-steps.ts";
import { configureResponse, paceBody } from "./response-configuration-step.ts";
import { afterRequest, rewriteRequest } from "./rewrite-step.ts";
import { matchingRules, runRequestPhase, runResponsePhase } from "./run-phase.ts";
import type { RoutedRule } from "../routing/routing.ts";
import type { LaterStep, Next } from "./later-step.ts";
import type { Services } from "./services.ts";
import { connectToOrigin } from "./origin-socket-step.ts";
import { compressAnswer } from "./compress-step.ts";
import { answerWithSocket, refuseTunnel } from "./upgrade.ts";
import { isAsciiText } from "./written-fields.ts";

export type StepName =
  | "domain"
  | "clientRequest"
  | "redirect"
  | "access"
  | "requestRewrite"
  | "cacheKey"
  | "lookup"
  | "originConfiguration"
  | "originPull"
  | "httpFunction"
  | "origin"
  | "originResponse"
  | "store"
  | "askAgain"
  | "clientResponse"
  | "responseConfiguration"
  | "compress"
  | "pace"
  | "deliver"
  | "done";

export type Step = (services: Services, exchange: Exchange) => Next | LaterStep;

export const steps: Readonly<Record<Exclude<StepName, "done">, Step>> = {
  domain: checkDomain,
  clientRequest: runClientRequest,
  redirect: redirectToHttps,
  access: controlAccess,
  requestRewrite: rewriteRequest,
  cacheKey: placeInCache,
  lookup: lookUp,
  originConfiguration: configureOriginRequest,
  originPull: pullFromOrigin,
  httpFunction: runHttpFunction,
  origin: askOrigin,
  originResponse: runOriginResponse,
  store: storeAnswer,
  askAgain,
  clientResponse: runClientResponse,
  responseConfiguration: configureResponse,
  compress: compressAnswer,
  pace: paceBody,
  deliver: describeAnswer,
};

function checkDomain(_services: Services, exchange: Exchange): StepName {
  const { domain } = exchange;
  if (domain !== undefined && domain.config.enabled && !isLoop(exchange.cdnLoop)) return "clientRequest";
  if (domain === undefined) failExchange(exchange, "DOMAIN_UNKNOWN");
  else failExchange(exchange, domain.config.enabled ? "LOOP_DETECTED" : "DOMAIN_DISABLED");
  return "deliver";
}

function runClientRequest(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const rules = matchingRules(exchange, "clientRequest", exchange.client.url);
  return rules.length === 0 ? "redirect" : applyClientRequest(services, exchange, rules);
}

async function applyClientRequest(
  services: Services,
  exchange: Exchange,
  rules: readonly RoutedRule[],
): Promise<StepName> {
  const result = await runRequestPhase(services, exchange, { rules, request: exchange.request });
  if (result.kind === "failed") {
    failExchange(exchange, result.code);
    // Whoever may not ask does not learn that a function failed.
    return "access";
  }
  if (result.kind === "response") exchange.response = result.response;
  else if (result.kind === "upgrade") answerWithSocket(exchange, result);
  else exchange.request = result.request;
  return "redirect";
}

/** The client's own URL is redirected, not what a function made of it. */
function redirectToHttps(services: Services, exchange: Exchange): StepName {
  const redirect = exchange.domain?.config.force_redirect;
  const { url } = exchange.client;
  if (redirect?.status !== "on" || url.scheme === "https") {
    return exchange.domain?.policy === undefined ? afterRequest(exchange) : "access";
  }
  dropAnswer(services, exchange);
  const headers = `location:https://${url.hostname}${url.path}${url.query}\n`;
  exchange.response = { status: redirect.redirect_code, headers, body: { kind: "empty" } };
  return "clientResponse";
}

/** A request for a WebSocket that no function took is passed on as one, unless the domain says otherwise. */
function askOrigin(services: Services, exchange: Exchange): Next | LaterStep {
  const isOff = exchange.domain?.config.websocket?.status === "off";
  if (isOff && exchange.opensTunnel) {
    failExchange(exchange, "SOCKET_NOT_OPENED");
    return "clientResponse";
  }
  const isSocket = exchange.socketProtocols !== null && !isOff;
  return isSocket ? connectToOrigin(services, exchange) : fetchFromOrigin(services, exchange);
}

function runOriginResponse(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const { response } = exchange;
  // There is no answer to change: the stored one, which functions made, still stands.
  if (exchange.asksToConfirm && response?.status === 304) return "store";
  const rules = matchingRules(exchange, "originResponse", exchange.request.url);
  return response === null || rules.length === 0
    ? "store"
    : applyOriginResponse(services, exchange, { rules, response });
}

async function applyOriginResponse(
  services: Services,
  exchange: Exchange,
  { rules, response }: { readonly rules: readonly RoutedRule[]; readonly response: ResponseMessage },
): Promise<StepName> {
  const request = exchange.originRequest ?? exchange.request;
  const result = await runResponsePhase(services, exchange, { rules, request, response });
  if (result.kind === "failed") {
    failExchange(exchange, result.code);
    return "clientResponse";
  }
  exchange.response = result.response;
  return "store";
}

function runClientResponse(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const { response } = exchange;
  const rules = matchingRules(exchange, "clientResponse", exchange.client.url);
  return response === null || rules.length === 0
    ? "responseConfiguration"
    : applyClientResponse(services, exchange, { rules, response });
}

async function applyClientResponse(
  services: Services,
  exchange: Exchange,
  { rules, response }: { readonly rules: readonly RoutedRule[]; readonly response: ResponseMessage },
): Promise<StepName> {
  const result = await runResponsePhase(services, exchange, { rules, request: exchange.client, response });
  if (result.kind === "failed") failExchange(exchange, result.code);
  else exchange.response = result.response;
  return "responseConfiguration";
}

/** The node's own word about the answer takes the place of what others wrote there. */
function describeAnswer(services: Services, exchange: Exchange): StepName {
  refuseTunnel(services, exchange);
  const { status, headers, body, written } = exchange.response ?? errorAnswer("NODE_INTERNAL", exchange.requestId);
  let others: HeaderText = headers;
  let cacheStatus = formatCacheNote(exchange.cacheNote);
  let isAscii = true;
  if (others.includes("x-request-id:")) others = deleteHeader(others, "x-request-id");
  if (others.includes("cache-status:")) {
    // RFC 9211 §2: each cache adds its member after those of the caches nearer to the origin.
    cacheStatus = [...getAllHeaders(others, "cache-status"), cacheStatus].join(", ");
    isAscii = isAsciiText(cacheStatus);
    others = deleteHeader(others, "cache-status");
  }
  const node = { requestId: exchange.requestId, cacheStatus, isAscii };
  exchange.response = { status, headers: others, body, written, node };
  return "done";
}
