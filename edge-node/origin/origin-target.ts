/**
 * Where a request to an origin may go: an address, the Host field to send, and what is known about the source behind it.
 */
import type { DomainSource, OriginProtocol } from "../../sdk/domain.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import { judgePlace, type AddressRules, type EgressRules } from "./egress-rules.ts";
import type { SourceRecord } from "./origins.ts";

export interface OriginTarget {
  /** `http(s)://host:port`. */
  readonly origin: string;
  /** Host header, unless the request's own `host` field is set. */
  readonly host: string;
  /** Requests it carries at once. */
  readonly connectionsMax: number;
  /** Targets of one name share that number. */
  readonly slots: string;
  /** Null: no source of a domain, but a place that a function or a redirect named. */
  readonly record: SourceRecord | null;
  /** What the lists of the function that named the place say of it. Default null: whatever the node allows. */
  readonly addresses?: AddressRules | null;
}

/** The scheme a domain's sources are asked by when the client came by `client`. */
export function originScheme(protocol: OriginProtocol, client: "http" | "https"): "http" | "https" {
  return protocol === "follow" ? client : protocol;
}

/** The address of a source and its Host field: its own, else `host`. */
export function sourcePlace(
  source: DomainSource,
  { scheme, host }: { readonly scheme: "http" | "https"; readonly host: string },
): { readonly origin: string; readonly host: string } {
  const port = scheme === "https" ? source.https_port : source.http_port;
  const address = source.origin_addr.includes(":") ? `[${source.origin_addr}]` : source.origin_addr;
  return { origin: `${scheme}://${address}:${port}`, host: source.host_name ?? host };
}

/** A source as a target. The one made last is kept with what is known about the source: most requests come by one scheme and one host. */
export function sourceTarget(
  source: DomainSource,
  to: { readonly scheme: "http" | "https"; readonly host: string; readonly record: SourceRecord },
): OriginTarget {
  const { scheme, host, record } = to;
  const { last } = record;
  if (last !== null && last.source === source && last.scheme === scheme && last.host === host) return last.target;
  const connectionsMax = source.max_connections ?? originLimits.connectionsDefault;
  const place = sourcePlace(source, to);
  const target: OriginTarget = { ...place, connectionsMax, slots: slotsOf(place.origin, connectionsMax), record };
  record.last = { source, scheme, host, target };
  return target;
}

/** Anywhere else, as far as the lists of the function that named it allow (null: none). */
export function otherTarget(
  { scheme, host }: { readonly scheme: "http" | "https"; readonly host: string },
  egress: EgressRules | null,
): OriginTarget {
  const origin = `${scheme}://${host}`;
  const addresses = egress === null ? null : judgePlace(egress, new URL(origin));
  const { connectionsDefault: connectionsMax } = originLimits;
  return { origin, host, connectionsMax, slots: slotsOf(origin, connectionsMax), record: null, addresses };
}

function slotsOf(origin: string, connectionsMax: number): string {
  return `${origin} ${connectionsMax}`;
}
