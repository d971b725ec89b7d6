/**
 * Access control: the domain's configuration says whether the client may ask, after the functions of clientRequest and whatever they did.
 *
 * A refusal stands in the place of a function's answer, of its WebSocket and of its failure, so that nothing of them gets past access control.
 */
import { judgeAccess } from "../policy/judge-access.ts";
import { discardBody } from "./discard-body.ts";
import type { Exchange } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";
import { dropSocket } from "./upgrade.ts";

export function controlAccess(services: Services, exchange: Exchange): StepName {
  const { domain, client, clientIp } = exchange;
  const access = domain?.policy?.access;
  // Whoever fills the cache gets no answer; its URLs carry no signature.
  if (domain === undefined || access === undefined || exchange.askedBy === "preheat") return "requestRewrite";
  const { clock, requestRates: rates } = services;
  const asking = { domain: domain.config.domain, address: clientIp, request: client };
  const result = judgeAccess(access, asking, { rates, nowMs: clock.now(), monotonicMs: clock.monotonicMs() });
  if (result.kind === "denied") {
    dropAnswer(services, exchange);
    failExchange(exchange, result.code);
    return "clientResponse";
  }
  const { url, strip } = result;
  if (strip !== null && url !== client.url) {
    const { request } = exchange;
    exchange.request = { ...request, url: request.url === client.url ? url : strip(request.url) };
    exchange.askedUrl = url;
  }
  return "requestRewrite";
}

/** Lets go of what a function answered. */
export function dropAnswer(services: Services, exchange: Exchange): void {
  dropSocket(exchange);
  if (exchange.response !== null) services.background.add("body.discard", discardBody(exchange.response.body));
  exchange.response = null;
}
