/**
 * Where a request to an origin may go: an address, the Host field to send, and what is known about the source behind it.
 */
import type { DomainSource, OriginProtocol } from "../../sdk/domain.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { SourceRecord } from "./origins.ts";

export interface OriginTarget {
  /** `http(s)://host:port`. */
  readonly origin: string;
  /** Host header, unless the request's own `host` field is set. */
  readonly host: string;
  /** Requests it carries at once. */
  readonly connectionsMax: number;
  /** Null: no source of a domain, but a place that a function or a redirect named. */
  readonly record: SourceRecord | null;
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
  const target: OriginTarget = { ...sourcePlace(source, to), connectionsMax, record };
  record.last = { source, scheme, host, target };
  return target;
}

/** Anywhere else. */
export function otherTarget(scheme: "http" | "https", host: string): OriginTarget {
  return { origin: `${scheme}://${host}`, host, connectionsMax: originLimits.connectionsDefault, record: null };
}
