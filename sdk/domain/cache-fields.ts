/** Keys about keeping answers, in the node's cache and in browsers. */
import type { CacheRule } from "../domain.ts";
import type { BrowserCacheRule, ErrorCodeCache } from "../domain-policy.ts";
import type { FieldReader } from "../field-reader.ts";
import { domainLimits } from "../cdn-limits.ts";
import { storeLimits } from "../limits.ts";
import { choice, type Field, type Fields, integer, list, object, textWhen, unique } from "./field.ts";
import { areParameterNames, parameterNamesText } from "./grammar.ts";
import { conditionFields, matchType, matchValue, priority } from "./match-fields.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const units = ["s", "m", "h", "d"] as const;
const ttlMax = storeLimits.cacheTtlSecondsMax;
const ttlShape = {
  allowed: "an integer from 0 on, at most 365 days in its unit",
  shape: { kind: "integer", min: 0, max: ttlMax },
} as const;

const ttl: Field<number> = {
  meaning: "Lifetime, in ttl_unit.",
  ...ttlShape,
  presence: "required",
  read: readTtl,
};

function readTtl(fields: FieldReader, key: string): number {
  const unit = UNIT_SECONDS[String(fields.raw("ttl_unit"))] ?? 1;
  return fields.integer(key, { min: 0, max: Math.floor(ttlMax / unit) });
}

const cacheRuleFields: Fields<CacheRule> = {
  match_type: matchType(["all", "file_extension", "catalog", "full_path", "home_page"]),
  match_value: matchValue(),
  ttl,
  ttl_unit: choice({ meaning: "Seconds, minutes, hours or days.", values: units }),
  priority: priority(),
  follow_origin: choice({
    meaning: "off: ttl decides; on: the origin's headers decide; min_ttl: the smaller of both.",
    values: ["off", "on", "min_ttl"],
    default: "off",
  }),
  url_parameter_type: choice({
    meaning: "Which query parameters tell answers apart: all, all but some, some, none.",
    values: ["full_url", "del_params", "reserve_params", "ignore_url_params"],
    default: "full_url",
  }),
  url_parameter_value: textWhen({
    meaning: "The parameters that url_parameter_type speaks of.",
    allowed: `${parameterNamesText}; absent for full_url and ignore_url_params`,
    accepts: () => true,
    when: (fields) => {
      const type = fields.raw("url_parameter_type") ?? "full_url";
      if (type === "full_url" || type === "ignore_url_params") return `for url_parameter_type ${type}`;
      return type === "del_params" || type === "reserve_params" ? true : null;
    },
    checkFor: () => (value) => (areParameterNames(value) ? null : parameterNamesText),
  }),
};

export const cacheRules: Field<readonly CacheRule[]> = list(cacheRuleFields, {
  meaning:
    "How long which paths are kept; the first match by priority decides, the origin's headers where none matches.",
  itemsMax: storeLimits.cacheRulesPerDomainMax,
  checkList: unique(({ priority: value }) => value, { path: "priority", what: "cache rule" }),
});

/** Statuses that have a configuration of their own. */
export const errorCode: Field<number> = integer({ meaning: "Status of the answer.", min: 400, max: 599 });
export const errorCodesMax = 200;

const errorCodeCacheFields: Fields<ErrorCodeCache> = {
  code: errorCode,
  ttl: integer({ meaning: "Seconds it is fresh; 0: not kept.", min: 0, max: ttlMax }),
};

export const errorCodeCache: Field<readonly ErrorCodeCache[]> = list(errorCodeCacheFields, {
  meaning: "How long error answers of the origin are kept.",
  itemsMax: errorCodesMax,
  checkList: unique(({ code }) => code, { path: "code", what: "entry" }),
});

const browserCacheFields: Fields<BrowserCacheRule> = {
  condition: object(conditionFields, { meaning: "Which paths, and which rule goes first." }),
  cache_type: choice({
    meaning: "follow_origin: what the origin said; ttl: the lifetime given here; never: the browser keeps nothing.",
    values: ["follow_origin", "ttl", "never"],
  }),
  ttl: {
    meaning: "Lifetime in browsers, with cache_type ttl only.",
    ...ttlShape,
    presence: "depends",
    read: readBrowserTtl,
  },
  ttl_unit: {
    meaning: "Seconds, minutes, hours or days, with cache_type ttl only.",
    allowed: units.join(", "),
    shape: { kind: "choice", values: units },
    presence: "depends",
    read: (fields, key) => (isTtl(fields, key) ? fields.choice(key, { values: units }) : undefined),
  },
};

function readBrowserTtl(fields: FieldReader, key: string): number | undefined {
  return isTtl(fields, key) ? readTtl(fields, key) : undefined;
}

function isTtl(fields: FieldReader, key: string): boolean {
  const type = fields.raw("cache_type");
  if (type === "ttl") return true;
  if (fields.raw(key) !== undefined && (type === "follow_origin" || type === "never")) {
    fields.report(key, `is given, allowed: absent for cache_type ${type}`);
  }
  return false;
}

export const browserCacheRules: Field<readonly BrowserCacheRule[]> = list(browserCacheFields, {
  meaning: "What clients are told about keeping answers; the first match by priority decides.",
  itemsMax: domainLimits.conditionsPerListMax,
  checkList: unique(({ condition }) => condition.priority, { path: "condition.priority", what: "browser cache rule" }),
});
