/**
 * What the domain's configuration says about an answer, after the functions of clientResponse: other answers for errors, how long clients keep it,
 * Strict-Transport-Security, header fields, and how fast its body goes.
 *
 * Order: an error's own answer first, so that the rest applies to what is sent; http_response_header last, so that what names a field decides
 * about it.
 */
import type { DomainPolicy } from "../policy/domain-policy.ts";
import { pacedBody } from "../policy/paced-body.ts";
import { policyLimits } from "../../sdk/cdn-limits.ts";
import { deleteHeader, setHeader } from "../../sdk/header-text.ts";
import { afterCompression } from "./compress-step.ts";
import { discardBody } from "./discard-body.ts";
import { drainBody } from "./drain-body.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { applyHeaderActions } from "./origin-headers.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";

export function configureResponse(services: Services, exchange: Exchange): StepName {
  const { domain, response } = exchange;
  if (response === null || domain === undefined) return "deliver";
  const { policy } = domain;
  const actions = domain.config.http_response_header;
  if (policy === undefined && actions.length === 0) return domain.compression === null ? "deliver" : "compress";
  const decided = policy === undefined ? response : applyPolicy(services, exchange, { policy, response });
  exchange.response =
    actions.length === 0 ? decided : { ...decided, headers: applyHeaderActions(decided.headers, actions) };
  return domain.compression === null ? afterCompression(exchange) : "compress";
}

/** The last thing that is done to a body, so that it is the bytes sent that are counted. */
export function paceBody(services: Services, exchange: Exchange): StepName {
  const { response, askedUrl, domain } = exchange;
  const pace = domain?.policy?.paceOf?.(askedUrl.match);
  if (response === null || pace === undefined || isUnread(exchange)) return "deliver";
  exchange.response = { ...response, body: pacedBody(response.body, { pace, clock: services.clock }) };
  return "deliver";
}

/** Nobody waits for the body: it is not sent, or only fills the cache. */
function isUnread({ client, askedBy }: Exchange): boolean {
  return client.method === "HEAD" || askedBy === "preheat";
}

function applyPolicy(
  services: Services,
  exchange: Exchange,
  { policy, response }: { readonly policy: DomainPolicy; readonly response: ResponseMessage },
): ResponseMessage {
  const { askedUrl, client } = exchange;
  // A WebSocket's handshake is no answer with a body, an age or an error.
  if (response.status === 101) return response;
  const instead = response.status < 400 ? null : (policy.errorAnswers?.(response, client.url) ?? null);
  if (instead !== null) services.background.add("body.discard", letGo(services, exchange, response));
  const answer = instead ?? response;
  let { headers } = answer;
  // An error's own answer says itself that nobody keeps it.
  if (policy.browserCache !== undefined && instead === null) {
    const { status } = answer;
    headers = policy.browserCache(headers, { path: askedUrl.match, status, nowMs: services.clock.now() });
  }
  if (policy.hsts !== undefined) {
    // RFC 6797 §7.2: never over http, whoever set it.
    const field = "strict-transport-security";
    headers = client.url.scheme === "https" ? setHeader(headers, field, policy.hsts) : deleteHeader(headers, field);
  }
  return headers === answer.headers ? answer : { ...answer, headers };
}

/** An error that the cache keeps is read to its end, or the origin would be asked each time. */
function letGo({ clock }: Services, { cacheNote: note }: Exchange, { body }: ResponseMessage): Promise<void> {
  const isKept = note.kind === "forward" && note.stored;
  return isKept ? drainBody(body, { clock, timeoutMs: policyLimits.errorBodyMs }) : discardBody(body);
}
