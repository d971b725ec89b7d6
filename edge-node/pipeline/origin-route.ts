/**
 * Where a request to the origin goes: the domain's own sources, or a place that a function or a redirect named.
 *
 * Invariant: what is not one of the domain's own sources is reached only where functions may go, and where the lists of the one that named it
 * allow, with its certificate checked, and a redirect
 * there carries nothing that the client, the configuration or a function meant for the origin.
 */
import { getHeader, headerEntries, type HeaderText } from "../../sdk/header-text.ts";
import type { CompiledSource, DomainOrigins } from "../origin/domain-origins.ts";
import type { EgressRules } from "../origin/egress-rules.ts";
import type { RouteRedirect } from "../origin/follow-redirects.ts";
import type { OriginAsk } from "../origin/origin-client.ts";
import { orderSources } from "../origin/origin-order.ts";
import { originScheme, otherTarget, sourceTarget, type OriginTarget } from "../origin/origin-target.ts";
import type { Exchange, InformedClient, RequestMessage } from "./exchange.ts";
import { outgoingHeaders } from "./origin-headers.ts";
import type { Services } from "./services.ts";
import type { WireUrl } from "./wire-url.ts";

/** What a redirect to a foreign place is asked with: what chooses the representation, and what says who asks. */
const passedToForeign: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cdn-loop",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "range",
  "user-agent",
  "via",
]);

/** The domain's sources for the request, in the order to try when all are well. */
export function configuredTargets(services: Services, exchange: Exchange): readonly OriginTarget[] {
  const { domain, request, client } = exchange;
  if (domain === undefined) return [];
  const { origins } = domain;
  const to = { scheme: originScheme(origins.protocol, client.url.scheme), host: request.url.host };
  return targetsOf(services, origins, { sources: origins.sourcesFor(request.url.match), to });
}

/** How the request is asked for, or null when there is nobody to ask. */
export function routeToOrigin(services: Services, exchange: Exchange, request: RequestMessage): OriginAsk | null {
  const origins = exchange.domain?.origins;
  if (origins === undefined) return null;
  const { method, url, body } = request;
  // A Host field that no function set differs from source to source.
  const isUntouched = getHeader(request.headers, "host") === exchange.configuredHost;
  const headers = outgoingHeaders(exchange, request.headers, { host: isUntouched ? "left-out" : "passed" });
  const { egress, informed } = exchange;
  const message = { method, url, headers, body };
  if (url.host === exchange.client.url.host) {
    return own(services, origins, { message, targets: exchange.originTargets, informed });
  }
  return routeTo(services, origins, { message, sources: sourcesNamed(origins, url.hostname), egress, informed });
}

/** How redirects of the origin are followed. */
export function redirectRoute(services: Services, exchange: Exchange, origins: DomainOrigins): RouteRedirect {
  const { method, body } = exchange.originRequest ?? exchange.request;
  return (url, headers) => {
    const sources = sourcesOfRedirect(exchange, origins, url);
    const message = { method, url, body, headers: sources.length > 0 ? headers : foreignHeaders(headers) };
    return routeTo(services, origins, { message, sources, egress: exchange.egress, informed: null });
  };
}

/** The sources themselves, the names they are asked by, and the domain lead to the domain's sources, when the port is one of theirs. */
function sourcesOfRedirect(exchange: Exchange, origins: DomainOrigins, url: WireUrl): readonly CompiledSource[] {
  const port = /:(\d+)$/.exec(url.host)?.[1] ?? "";
  const isDomain = url.hostname === exchange.client.url.hostname || url.hostname === exchange.request.url.hostname;
  const sources = isDomain ? origins.sourcesFor(url.match) : sourcesNamed(origins, url.hostname);
  const key = url.scheme === "https" ? "https_port" : "http_port";
  if (isDomain && url.host === exchange.client.url.host) return sources;
  return port === "" ? sources : sources.filter(({ source }) => `${source[key]}` === port);
}

function sourcesNamed(origins: DomainOrigins, hostname: string): readonly CompiledSource[] {
  const name = hostname.replace(/^\[|\]$/g, "");
  return origins.all.filter(({ source }) => source.origin_addr === name || source.host_name === name);
}

interface Named {
  readonly message: RequestMessage;
  readonly sources: readonly CompiledSource[];
  /** For what is no source of the domain. */
  readonly egress: EgressRules | null;
  /** Who is told what the origin says before its answer. */
  readonly informed: InformedClient | null;
}

function routeTo(services: Services, origins: DomainOrigins, named: Named): OriginAsk {
  const { message, sources, egress, informed } = named;
  const { scheme, host } = message.url;
  if (sources.length > 0) {
    return own(services, origins, {
      message,
      targets: targetsOf(services, origins, { sources, to: { scheme, host } }),
      informed,
    });
  }
  const connections = services.functionConnections;
  const targets = [otherTarget(message.url, egress)];
  return askOf(services, origins, { message, connections, targets, certificate: "checked", informed });
}

function targetsOf(
  services: Services,
  { domain }: DomainOrigins,
  {
    sources,
    to,
  }: {
    readonly sources: readonly CompiledSource[];
    readonly to: { readonly scheme: "http" | "https"; readonly host: string };
  },
): readonly OriginTarget[] {
  const { scheme, host } = to;
  const targetOf = (source: CompiledSource): OriginTarget =>
    sourceTarget(source.source, { scheme, host, record: services.origins.record(domain, source) });
  const [first] = sources;
  // As most domains have it.
  if (sources.length === 1 && first !== undefined) return [targetOf(first)];
  return orderSources(sources, services.random).map(targetOf);
}

function own(
  services: Services,
  origins: DomainOrigins,
  { message, targets, informed }: Pick<Named, "message" | "informed"> & Pick<OriginAsk, "targets">,
): OriginAsk {
  const { certificate } = origins;
  return askOf(services, origins, { message, connections: services.originConnections, targets, certificate, informed });
}

function askOf(
  services: Services,
  origins: DomainOrigins,
  asked: Pick<Named, "message" | "informed"> & Pick<OriginAsk, "connections" | "targets" | "certificate">,
): OriginAsk {
  const { informed, connections, targets, certificate } = asked;
  const { method, url, headers, body } = asked.message;
  const onInformational =
    informed === null ? undefined : (status: number, said: HeaderText): void => informed.inform(status, said);
  const { clock } = services;
  return {
    askedMs: clock.monotonicMs(),
    request: { method, target: url.query === "" ? url.path : url.path + url.query, headers, body, onInformational },
    targets,
    connections,
    clock,
    slots: services.origins.slots,
    budget: services.origins.budget(origins.domain),
    connectTimeoutMs: origins.connectTimeoutMs,
    headTimeoutMs: origins.headTimeoutMs,
    idleTimeoutMs: origins.idleTimeoutMs,
    certificate,
    countsStatuses: origins.healthCheck !== null,
  };
}

function foreignHeaders(headers: HeaderText): HeaderText {
  let result = "";
  for (const [name, value] of headerEntries(headers)) if (passedToForeign.has(name)) result += `${name}:${value}\n`;
  return result;
}
