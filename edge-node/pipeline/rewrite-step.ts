/**
 * The configuration's rewriting of what the client asked for, and the way on from there: to the cache, or to the client when there is an answer.
 *
 * A redirect takes the place of a function's answer, as force_redirect does. A path within the node is for a request that goes on: a function's
 * answer has none.
 */
import { dropAnswer } from "./access-step.ts";
import type { Exchange } from "./exchange.ts";
import { failExchange } from "./fail-exchange.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";
import { changeUrl } from "./wire-url.ts";

export function rewriteRequest(services: Services, exchange: Exchange): StepName {
  const rewritten = exchange.failure === null ? exchange.domain?.policy?.rewriteRequest?.(exchange.askedUrl) : null;
  if (rewritten === null || rewritten === undefined) return afterRequest(exchange);
  if (rewritten.kind === "redirect") {
    dropAnswer(services, exchange);
    const headers = `location:${rewritten.location}\n`;
    exchange.response = { status: rewritten.status, headers, body: { kind: "empty" } };
    return "clientResponse";
  }
  if (exchange.response !== null) return afterRequest(exchange);
  const { request } = exchange;
  const url = rewritten.kind === "path" ? changeUrl(request.url, { path: rewritten.path }) : null;
  if (url === null) {
    failExchange(exchange, "REQUEST_MALFORMED");
    return "clientResponse";
  }
  exchange.request = { ...request, url };
  return "cacheKey";
}

/** Where a request goes after clientRequest and its configuration. */
export function afterRequest(exchange: Exchange): StepName {
  if (exchange.socket !== null) return "responseConfiguration";
  return exchange.response === null ? "cacheKey" : "clientResponse";
}
