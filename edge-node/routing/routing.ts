/**
 * What a front routes by: one immutable value, built from the desired state and the versions that are loaded, replaced in one assignment.
 *
 * Pure: no clock, no driver. A rule whose version is not loaded stays in its place with `key` null, so that it fails (an access check must not
 * vanish) instead of being skipped.
 */
import type { DesiredState, DomainState, FunctionState } from "../../sdk/desired-state.ts";
import type { DomainConfig } from "../../sdk/domain.ts";
import type { Phase } from "../../sdk/phase.ts";
import type { Rule, RuleOnError } from "../../sdk/rule.ts";
import type { ServiceTarget } from "../../sdk/service-target.ts";
import { compileCacheRules, type CompiledCacheRule } from "../cache/cache-rule.ts";
import { compileOrigins, type DomainOrigins } from "../origin/domain-origins.ts";
import type { EgressRules } from "../origin/egress-rules.ts";
import { compilePolicy, type DomainPolicy } from "../policy/domain-policy.ts";
import { compileCompression, type CompressionRule } from "../compression/compression-rule.ts";
import { compileRuleMatch } from "../rules/compile-rule-match.ts";
import type { PathMatcher } from "../rules/path-match.ts";
import { compileGrey, type Asking, type GreyPicker } from "./grey-picker.ts";

/** One enabled rule of one phase. */
export interface RoutedRule {
  readonly phase: Phase;
  readonly matches: PathMatcher;
  readonly priority: number;
  readonly stop: boolean;
  readonly onError: RuleOnError;
  readonly function: string;
  /** What the rule's alias or version resolved to; "" when there is no such version. */
  readonly version: string;
  /** The driver's key of that version, or null when it is not available on this node. */
  readonly key: string | null;
  /** Where that version may connect to; null: wherever the node allows. */
  readonly egress: EgressRules | null;
  /** Some requests get this one instead; null: none do. */
  readonly grey: { readonly rule: RoutedRule; readonly picks: GreyPicker } | null;
}

export interface RoutedDomain {
  readonly config: DomainConfig;
  /** For each phase the enabled rules, larger priority first. */
  readonly rules: Readonly<Record<Phase, readonly RoutedRule[]>>;
  readonly cacheRules: readonly CompiledCacheRule[];
  readonly origins: DomainOrigins;
  /** Undefined: nothing is configured about single requests and answers. */
  readonly policy: DomainPolicy | undefined;
  /** Null: answers are sent as they are. */
  readonly compression: CompressionRule | null;
}

/** A function version as an invocation from outside names it. */
export interface ResolvedFunction {
  readonly version: string;
  readonly key: string | null;
  /** Null: wherever the node allows. */
  readonly egress: EgressRules | null;
  /** Some requests get this one instead; null: none do. */
  readonly grey: { readonly target: ResolvedFunction; readonly picks: GreyPicker } | null;
}

/** A version that the driver has loaded. */
export interface ReadyVersion {
  readonly key: string;
  readonly egress: EgressRules | null;
}

export interface Routing {
  readonly revision: number;
  readonly domains: readonly RoutedDomain[];
  /** The domain that serves `hostname` (lower case, without port): the exact one, else the wildcard with the longest suffix. */
  find(hostname: string): RoutedDomain | undefined;
  /** What a version name, alias or `latest` of a function means. */
  resolve(functionName: string, qualifier: string): ResolvedFunction | undefined;
  /** What another function's binding leads to now; undefined when function, alias or version is gone. */
  resolveService(target: ServiceTarget): ResolvedFunction | undefined;
  /** Whether there is a function of this name. */
  knows(functionName: string): boolean;
}

/** Builds the routing of one state. `ready` holds the loaded versions by `function@version`. */
export function buildRouting(
  state: Omit<DesiredState, "certificates">,
  ready: ReadonlyMap<string, ReadyVersion>,
): Routing {
  const known: Known = { functions: new Map(state.functions.map((entry) => [entry.name, entry])), ready };
  const exact = new Map<string, RoutedDomain>();
  const wildcards = new Map<string, RoutedDomain>();
  for (const domain of state.domains) {
    const routed = routeDomain(domain, known);
    if (domain.config.domain.startsWith("*.")) wildcards.set(domain.config.domain.slice(1), routed);
    else exact.set(domain.config.domain, routed);
  }
  return Object.freeze({
    revision: state.revision,
    domains: [...exact.values(), ...wildcards.values()],
    find: (hostname: string) => exact.get(hostname) ?? findWildcard(wildcards, hostname),
    resolve: (name: string, qualifier: string) => {
      const wanted = { function: name, alias: qualifier };
      return readyVersion(known, wanted) ?? readyVersion(known, { function: name, version: qualifier });
    },
    resolveService: (target: ServiceTarget) => readyVersion(known, target),
    knows: (name: string) => known.functions.has(name),
  });
}

/** The routing of a node that has no state yet. */
export const emptyRouting: Routing = Object.freeze({
  revision: 0,
  domains: [],
  find: () => undefined,
  resolve: () => undefined,
  resolveService: () => undefined,
  knows: () => false,
});

function findWildcard(wildcards: ReadonlyMap<string, RoutedDomain>, hostname: string): RoutedDomain | undefined {
  if (wildcards.size === 0) return undefined;
  for (let dot = hostname.indexOf(".", 1); dot > 0; dot = hostname.indexOf(".", dot + 1)) {
    const domain = wildcards.get(hostname.slice(dot));
    if (domain !== undefined) return domain;
  }
  return undefined;
}

/** What names are resolved with. */
interface Known {
  readonly functions: ReadonlyMap<string, FunctionState>;
  /** By `function@version`. */
  readonly ready: ReadonlyMap<string, ReadyVersion>;
}

function routeDomain(domain: DomainState, known: Known): RoutedDomain {
  const enabled = domain.rules.filter((rule) => rule.enabled).sort((a, b) => b.priority - a.priority);
  const routed = enabled.map((rule) => routeRule(rule, readyVersion(known, rule)));
  const of = (phase: Phase): readonly RoutedRule[] => routed.filter((rule) => rule.phase === phase);
  return {
    config: domain.config,
    rules: {
      clientRequest: of("clientRequest"),
      originPull: of("originPull"),
      originResponse: of("originResponse"),
      clientResponse: of("clientResponse"),
      fetch: of("fetch"),
    },
    cacheRules: compileCacheRules(domain.config.cache_rules),
    origins: compileOrigins(domain.config),
    policy: compilePolicy(domain.config),
    compression: compileCompression(domain.config.compress),
  };
}

function routeRule(rule: Rule, resolved: ResolvedFunction | undefined): RoutedRule {
  const grey = resolved?.grey ?? null;
  return {
    grey: grey === null ? null : { rule: routeRule(rule, grey.target), picks: grey.picks },
    phase: rule.phase,
    matches: compileRuleMatch(rule),
    priority: rule.priority,
    stop: rule.stop,
    onError: rule.onError,
    function: rule.function,
    version: resolved?.version ?? "",
    key: resolved?.key ?? null,
    egress: resolved?.egress ?? null,
  };
}

/** What a rule's alias or version means; a version may have the name of an alias, so the two never stand in for each other. */
function readyVersion(
  known: Known,
  wanted: { readonly function: string; readonly alias?: string; readonly version?: string },
): ResolvedFunction | undefined {
  const entry = known.functions.get(wanted.function);
  if (entry === undefined) return undefined;
  if (wanted.alias === undefined) {
    const version = namedVersion(entry, wanted.version);
    return version === undefined ? undefined : loadedVersion(known, entry, version);
  }
  const alias = entry.aliases.find(({ name }) => name === wanted.alias);
  if (alias === undefined) return undefined;
  const main = loadedVersion(known, entry, alias.version);
  if (alias.grey === undefined) return main;
  const target = loadedVersion(known, entry, alias.grey.version);
  // What this node cannot run is not tried on anybody while there is one that it can.
  if (target.key === null) return main;
  return { ...main, grey: { target, picks: compileGrey(alias.grey, `${entry.name}:${alias.name}`) } };
}

function loadedVersion(known: Known, entry: FunctionState, version: string): ResolvedFunction {
  const ready = entry.enabled ? known.ready.get(`${entry.name}@${version}`) : undefined;
  return { version, key: ready?.key ?? null, egress: ready?.egress ?? null, grey: null };
}

/** The rule as this request gets it. */
export function ruleFor(rule: RoutedRule, asking: Asking, random: () => number): RoutedRule {
  return rule.grey?.picks(asking, random) === true ? rule.grey.rule : rule;
}

/** The version that this request gets. */
export function targetFor(resolved: ResolvedFunction, asking: Asking, random: () => number): ResolvedFunction {
  return resolved.grey?.picks(asking, random) === true ? resolved.grey.target : resolved;
}

function namedVersion(entry: FunctionState, version: string | undefined): string | undefined {
  if (version === "latest") return entry.latest ?? undefined;
  return entry.versions.find((candidate) => candidate.version === version)?.version;
}
