/**
 * A domain's origins, compiled once for each revision: which sources serve a path, how they are reached, how they are checked.
 *
 * Pure. Invariant: a source's `key` says everything that makes it the same source, so what is known about it outlives a revision that does
 * not change it, and nothing of one domain's sources is held against another's.
 */
import type { DomainConfig, DomainSource, FlexibleOrigin, HealthCheck, OriginProtocol } from "../../sdk/domain.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import { matchAll, matchDirectory, matchSuffix, splitMatchList, type PathMatcher } from "../rules/path-match.ts";

export interface CompiledSource {
  readonly key: string;
  readonly source: DomainSource;
}

export interface CompiledHealthCheck {
  readonly method: "GET" | "HEAD";
  readonly path: string;
  readonly host: string | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
  /** The configuration's words for `isExpected`. */
  readonly expected: string;
  isExpected(status: number): boolean;
}

export interface DomainOrigins {
  readonly domain: string;
  readonly protocol: OriginProtocol;
  /** Each source once, those for some paths only included. */
  readonly all: readonly CompiledSource[];
  /** The sources that serve a path (its `match` form). */
  sourcesFor(path: string): readonly CompiledSource[];
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly certificate: "checked" | "any";
  readonly followsRedirects: boolean;
  readonly passesRange: boolean;
  /** Null: requests alone tell how the sources are. */
  readonly healthCheck: CompiledHealthCheck | null;
}

/** Compiles what a domain's configuration says about its origins. */
export function compileOrigins(config: DomainConfig): DomainOrigins {
  const compile = (sources: readonly DomainSource[]): readonly CompiledSource[] =>
    sources.map((source) => ({ key: sourceKey(config, source), source }));
  const sources = compile(config.sources);
  const flexible = [...(config.flexible_origin ?? [])]
    .sort((a, b) => b.priority - a.priority)
    .map((entry) => ({ matches: compileMatch(entry), sources: compile(entry.back_sources) }));
  const every = new Map([...sources, ...flexible.flatMap((entry) => entry.sources)].map((one) => [one.key, one]));
  const { connectTimeoutDefaultS, idleTimeoutDefaultS } = originLimits;
  return {
    domain: config.domain,
    protocol: config.origin_protocol,
    all: [...every.values()],
    sourcesFor: (path) => flexible.find(({ matches }) => matches(path))?.sources ?? sources,
    connectTimeoutMs: (config.origin_connect_timeout ?? connectTimeoutDefaultS) * 1_000,
    headTimeoutMs: config.origin_receive_timeout * 1_000,
    idleTimeoutMs: (config.origin_idle_timeout ?? idleTimeoutDefaultS) * 1_000,
    certificate: config.origin_verify_certificate === "off" ? "any" : "checked",
    followsRedirects: config.origin_follow302_status === "on",
    passesRange: config.origin_range_status === "on",
    healthCheck: config.health_check?.status === "on" ? compileHealthCheck(config.health_check) : null,
  };
}

function sourceKey(config: DomainConfig, source: DomainSource): string {
  const { origin_addr, http_port, https_port, host_name = "" } = source;
  const way = `${config.origin_protocol} ${config.origin_verify_certificate ?? "on"}`;
  return `${config.domain} ${way} ${origin_addr} ${http_port} ${https_port} ${host_name}`;
}

const matchers: Readonly<Record<FlexibleOrigin["match_type"], (list: readonly string[]) => PathMatcher>> = {
  all: () => matchAll,
  file_extension: matchSuffix,
  file_path: matchDirectory,
};

function compileMatch({ match_type, match_pattern }: FlexibleOrigin): PathMatcher {
  return matchers[match_type](splitMatchList(match_pattern ?? "", ";"));
}

function compileHealthCheck(check: HealthCheck): CompiledHealthCheck {
  return {
    method: check.method,
    path: check.path,
    host: check.host,
    intervalMs: check.interval * 1_000,
    timeoutMs: check.timeout * 1_000,
    healthyAfter: check.healthy_after,
    unhealthyAfter: check.unhealthy_after,
    expected: check.expected_status,
    isExpected: compileStatuses(check.expected_status),
  };
}

/** `200`, `2xx`, lists of both separated by commas. */
function compileStatuses(text: string): (status: number) => boolean {
  const entries = text.split(",").map((entry) => entry.trim().toLowerCase());
  return (status) => entries.some((entry) => entry === `${status}` || entry === `${Math.floor(status / 100)}xx`);
}
