/**
 * What a domain's configuration decides about single requests and answers, compiled once for each revision.
 *
 * Pure. Invariant: what is not configured is undefined here, so that a request pays one comparison for it.
 */
import type { DomainConfig } from "../../sdk/domain.ts";
import type { RequestLimitRule } from "../../sdk/domain-policy.ts";
import { byPriority, compilePathCondition } from "../rules/path-condition.ts";
import { compileBrowserCache, type BrowserCache } from "./browser-cache.ts";
import { compileErrorAnswers, type ErrorAnswers } from "./error-answers.ts";
import { compileIpFilter, compileRefererFilter, compileUserAgentFilter, type HeaderFilter } from "./list-filters.ts";
import { compileOriginRewrites, type OriginRewriter } from "./origin-rewrite.ts";
import type { Pace } from "./paced-body.ts";
import { compileRequestRewrites, type RequestRewriter } from "./request-rewrite.ts";
import { compileUrlAuth, type UrlJudge } from "./url-auth.ts";

/** Who may ask, how often, with which URLs. */
export interface AccessPolicy {
  readonly allowsAddress: ((address: string) => boolean) | undefined;
  /** Requests per second of one address. */
  readonly qps: number | undefined;
  readonly allowsReferer: HeaderFilter;
  readonly allowsUserAgent: HeaderFilter;
  readonly judgeUrl: UrlJudge | undefined;
}

/** The rate of an answer to the path (its `match` form); undefined: full speed. */
export type PaceOf = (path: string) => Pace | undefined;

export interface DomainPolicy {
  readonly access: AccessPolicy | undefined;
  readonly rewriteRequest: RequestRewriter | undefined;
  readonly rewriteOrigin: OriginRewriter | undefined;
  readonly errorAnswers: ErrorAnswers | undefined;
  readonly browserCache: BrowserCache | undefined;
  /** The value of Strict-Transport-Security. */
  readonly hsts: string | undefined;
  readonly paceOf: PaceOf | undefined;
}

/** Undefined: the configuration decides about no single request and answer. */
export function compilePolicy(config: DomainConfig): DomainPolicy | undefined {
  const policy: DomainPolicy = {
    access: compileAccess(config),
    rewriteRequest: compileRequestRewrites(config.request_url_rewrite),
    rewriteOrigin: compileOriginRewrites(config.origin_request_url_rewrite),
    errorAnswers: compileErrorAnswers(config.error_code_redirect_rules, config.error_pages),
    browserCache: compileBrowserCache(config.browser_cache_rules),
    hsts: compileHsts(config.hsts),
    paceOf: compilePaces(config.request_limit_rules),
  };
  return isEmpty(policy) ? undefined : policy;
}

function compileAccess(config: DomainConfig): AccessPolicy | undefined {
  const { ip_frequency_limit: limit } = config;
  const access: AccessPolicy = {
    allowsAddress: compileIpFilter(config.ip_filter),
    qps: limit?.status === "on" ? limit.qps : undefined,
    allowsReferer: compileRefererFilter(config.referer),
    allowsUserAgent: compileUserAgentFilter(config.user_agent_filter),
    judgeUrl: compileUrlAuth(config.url_auth),
  };
  return isEmpty(access) ? undefined : access;
}

function compileHsts(hsts: DomainConfig["hsts"]): string | undefined {
  if (hsts?.status !== "on") return undefined;
  return `max-age=${hsts.max_age}${hsts.include_subdomains === "on" ? "; includeSubDomains" : ""}`;
}

function compilePaces(rules: readonly RequestLimitRule[] = []): PaceOf | undefined {
  if (rules.length === 0) return undefined;
  const compiled = byPriority(rules, ({ priority }) => priority).map((rule) => ({
    matches: compilePathCondition(rule),
    pace:
      rule.limit_rate_value === 0
        ? undefined
        : { fullSpeedBytes: rule.limit_rate_after, bytesPerSecond: rule.limit_rate_value },
  }));
  return (path) => compiled.find(({ matches }) => matches(path))?.pace;
}

function isEmpty(parts: object): boolean {
  return Object.values(parts).every((part) => part === undefined);
}
