/**
 * Explains what this front would do with a request, and why, by the steps of the pipeline (pipeline/steps.ts) in their order.
 *
 * Where a real step changes nothing but the exchange, it runs here; otherwise its explainer reads what it would read. A new step of the pipeline adds its
 * explainer to the table below.
 */
import { emptyBody } from "../../runtime/body.ts";
import type { ExplainMessage, ExplainReport, ExplainStep } from "../../sdk/explain.ts";
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { Exchange, type RequestMessage } from "../pipeline/exchange.ts";
import { removeHopByHop } from "../pipeline/hop-headers.ts";
import { isLoop } from "../pipeline/loop-guard.ts";
import type { Services } from "../pipeline/services.ts";
import { steps } from "../pipeline/steps.ts";
import { parseWireUrl } from "../pipeline/wire-url.ts";
import type { Routing } from "../routing/routing.ts";
import { explainAccess, explainRewrite } from "./explain-access.ts";
import { explainCacheKey, explainLookup } from "./explain-cache.ts";
import { explainOrigin } from "./explain-origin.ts";
import { explainClientRequest, explainFetch, explainPhase } from "./explain-rules.ts";
import { explained, type Explainer, type ExplainContext, type Reach } from "./explainer.ts";

/** In the order of the steps, each with how far a request must have come for it. */
const explainers: readonly (readonly [reaches: readonly Reach[], Explainer])[] = [
  [["request"], explainDomain],
  [["request"], explainClientRequest],
  [["request"], explainRedirect],
  [["request"], explainAccess],
  [["request"], explainRewrite],
  [["request"], explainCacheKey],
  [["request"], explainLookup],
  [["origin"], explainPhase("originPull")],
  [["origin"], explainFetch],
  [["origin"], explainOrigin],
  [["origin"], explainPhase("originResponse")],
  [["origin"], explainStore],
  [["origin", "answer"], explainPhase("clientResponse")],
  [["origin", "answer"], explainResponseConfiguration],
];

/** Never throws for what is in the message. */
export async function explainRequest(
  services: Services,
  { routing, message }: { readonly routing: Routing; readonly message: ExplainMessage },
): Promise<ExplainReport> {
  const { id } = message;
  const client = requestOf(message);
  if (client === null) {
    const text =
      "The URL has no canonical form, or a header is outside the grammar: such a request is answered with 400";
    return { id, outcome: { kind: "failed", code: "REQUEST_MALFORMED", message: text } };
  }
  const exchange = new Exchange({
    client,
    requestId: id,
    clientIp: message.clientIp,
    domain: routing.find(client.url.hostname),
    cdnLoop: getAllHeaders(client.headers, "cdn-loop").join(","),
    socketProtocols: null,
  });
  const context: ExplainContext = { services, exchange, runs: message.run ? "yes" : "no", reach: "request" };
  const lines: ExplainStep[] = [];
  for (const [reaches, explain] of explainers) {
    if (!reaches.includes(context.reach)) continue;
    const line = await explain(context);
    if (line !== null) lines.push(line);
  }
  const domain = exchange.domain?.config.domain ?? null;
  return { id, outcome: { kind: "explained", revision: routing.revision, domain, steps: lines } };
}

function requestOf({ url: href, method, headers: entries }: ExplainMessage): RequestMessage | null {
  const url = parseWireUrl(href);
  if (url === null) return null;
  const headers: HeaderText = entries.map(([name, value]) => `${name.toLowerCase()}:${value.trim()}\n`).join("");
  const own = headers.startsWith("host:") || headers.includes("\nhost:") ? headers : `host:${url.host}\n${headers}`;
  return { method, url, headers: removeHopByHop(own), body: emptyBody };
}

function explainDomain(context: ExplainContext): ExplainStep {
  const { domain, client, cdnLoop } = context.exchange;
  const { hostname, path, match } = client.url;
  const facts = { path, "compared as": match === path ? undefined : match };
  const stop = (text: string): ExplainStep => {
    context.reach = "over";
    return explained("domain", "stop", { text, facts });
  };
  if (domain === undefined) return stop(`404 DOMAIN_UNKNOWN: no domain serves ${hostname}`);
  const { domain: name, enabled } = domain.config;
  if (!enabled) return stop(`DOMAIN_DISABLED: ${name} is not enabled`);
  if (isLoop(cdnLoop)) return stop("LOOP_DETECTED: the request went through this CDN too often");
  const how = name === hostname ? "exactly" : "by its wildcard";
  return explained("domain", "ok", { text: `${name} serves ${hostname} ${how}`, facts });
}

/** The real step changes nothing but the exchange. */
async function explainRedirect(context: ExplainContext): Promise<ExplainStep | null> {
  const { services, exchange } = context;
  if (exchange.failure !== null) return null;
  const before = exchange.response;
  await steps.redirect(services, exchange);
  const { response } = exchange;
  if (response === null || response === before) return null;
  context.reach = "answer";
  const text = `${response.status} to https (force_redirect)`;
  return explained("redirect", "stop", { text });
}

function explainStore({ exchange }: ExplainContext): ExplainStep | null {
  const { cachePlace: place } = exchange;
  if (place === null) return null;
  const text = "whether the answer is stored, and for how long, is known when it is there";
  const errors = (exchange.domain?.config.error_code_cache ?? []).map(({ code, ttl }) => `${code} ${ttl} s`);
  return explained("store", "note", { text, facts: { "errors kept": errors.join(", ") } });
}

function explainResponseConfiguration({ exchange }: ExplainContext): ExplainStep | null {
  const { domain, askedUrl, client } = exchange;
  if (domain === undefined) return null;
  const { policy, config } = domain;
  const pace = policy?.paceOf?.(askedUrl.match);
  const facts = {
    "other answers": policy?.errorAnswers === undefined ? undefined : "for some errors",
    "client's cache": policy?.browserCache === undefined ? undefined : "browser_cache_rules may decide",
    hsts: client.url.scheme === "https" ? policy?.hsts : undefined,
    fields: config.http_response_header.map(({ name, action }) => `${action} ${name}`).join(", "),
    compression: domain.compression === null ? undefined : "where the answer and the client allow it",
    speed: pace === undefined ? undefined : "limited (request_limit_rules)",
  };
  const step = explained("responseConfiguration", "ok", { text: "the configuration changes the answer", facts });
  return step.facts.length === 0 ? null : step;
}
