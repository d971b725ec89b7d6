/**
 * A domain's cache rules, compiled: which one decides for a path, and what the cache key is under it.
 *
 * Knows the configuration's words (match_type, ttl_unit, url_parameter_type) and turns them into milliseconds and functions.
 */
import type { CacheRule } from "../../sdk/domain.ts";
import { byPriority, compilePathCondition } from "../rules/path-condition.ts";
import { splitMatchList, type PathMatcher } from "../rules/path-match.ts";

export interface CompiledCacheRule {
  readonly matches: PathMatcher;
  readonly ttlMs: number;
  readonly followOrigin: CacheRule["follow_origin"];
  /** The part of the query that tells objects apart: "" or `?…`. */
  keyQuery(query: string): string;
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The rules in the order they decide: larger priority first. */
export function compileCacheRules(rules: readonly CacheRule[]): readonly CompiledCacheRule[] {
  return byPriority(rules, ({ priority }) => priority).map(compileCacheRule);
}

/** The rule that decides about `path` (its `match` form), or undefined. */
export function findCacheRule(rules: readonly CompiledCacheRule[], path: string): CompiledCacheRule | undefined {
  return rules.find((rule) => rule.matches(path));
}

function compileCacheRule(rule: CacheRule): CompiledCacheRule {
  return {
    matches: compilePathCondition(rule),
    ttlMs: rule.ttl * unitMs[rule.ttl_unit],
    followOrigin: rule.follow_origin,
    keyQuery: compileKeyQuery(rule),
  };
}

const queryPolicies: Readonly<
  Record<CacheRule["url_parameter_type"], (names: ReadonlySet<string>) => (query: string) => string>
> = {
  full_url: () => (query) => query,
  ignore_url_params: () => () => "",
  del_params: (names) => (query) => filterParameters(query, (name) => !names.has(name)),
  reserve_params: (names) => (query) => filterParameters(query, (name) => names.has(name)),
};

function compileKeyQuery(rule: CacheRule): (query: string) => string {
  const names = new Set(splitMatchList(rule.url_parameter_value ?? "", ";"));
  return queryPolicies[rule.url_parameter_type](names);
}

/**
 * Keeps order and spelling of what stays; names are compared decoded. What holds a `;` stays: to some origins it separates parameters, so that one
 * that counts may stand behind one that does not, and its answer would be taken for that of a request without it.
 */
function filterParameters(query: string, keep: (name: string) => boolean): string {
  const kept = query
    .slice(1)
    .split("&")
    .filter((parameter) => parameter !== "" && (parameter.includes(";") || keep(parameterName(parameter))));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function parameterName(parameter: string): string {
  const equals = parameter.indexOf("=");
  const name = equals < 0 ? parameter : parameter.slice(0, equals);
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
