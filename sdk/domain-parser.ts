/**
 * Turns untrusted input into a domain's configuration with all defaults, or into everything that is wrong with it.
 *
 * Pure and without name resolution. Key names are those of the CDN configuration API (domain.ts). Invariant: a parsed
 * configuration holds no header that would break message framing and no cache rules of equal priority.
 */
import { isIP } from "node:net";
import { FieldReader, parsedUnless, showValue, type Check } from "./field-reader.ts";
import type { CacheRule, DomainConfig, DomainSource, HeaderAction } from "./domain.ts";
import { isHeaderName, isHeaderValue } from "./header-text.ts";
import { domainPatternText, isDomainPattern, isHostName } from "./host-name.ts";
import { storeLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** `input` may repeat `domain`; anything else it does not know is a problem. */
export function parseDomain(input: unknown, domain: string): Parsed<DomainConfig> {
  const problems: Problem[] = [];
  if (!isDomainPattern(domain)) {
    problems.push({ path: "domain", message: `received ${showValue(domain)}, allowed: ${domainPatternText}` });
  }
  const fields = new FieldReader(input, { path: "", problems });
  const repeated = fields.raw("domain");
  if (repeated !== undefined && repeated !== domain) {
    fields.report("domain", `received ${showValue(repeated)}, allowed: absent or ${showValue(domain)}`);
  }
  const config: DomainConfig = {
    domain,
    enabled: fields.boolean("enabled", { default: true }),
    sources: readList(fields, {
      key: "sources",
      itemsMax: storeLimits.sourcesPerDomainMax,
      problems,
      read: readSource,
    }),
    origin_protocol: fields.choice("origin_protocol", { values: ["http", "https", "follow"], default: "http" }),
    origin_receive_timeout: fields.integer("origin_receive_timeout", { min: 1, max: 300, default: 30 }),
    origin_request_header: readHeaderActions(fields, { key: "origin_request_header", problems }),
    http_response_header: readHeaderActions(fields, { key: "http_response_header", problems }),
    cache_rules: readCacheRules(fields, problems),
    force_redirect: readForceRedirect(fields.object("force_redirect")),
  };
  fields.finish();
  return parsedUnless(problems, config);
}

function readList<T>(
  fields: FieldReader,
  options: {
    readonly key: string;
    readonly itemsMax: number;
    readonly problems: Problem[];
    readonly read: (item: FieldReader) => T;
  },
): readonly T[] {
  return fields.items(options.key, options).map(({ path, input }) => {
    const item = new FieldReader(input, { path, problems: options.problems });
    const value = options.read(item);
    item.finish();
    return value;
  });
}

function readSource(fields: FieldReader): DomainSource {
  const origin_type = fields.choice("origin_type", { values: ["ipaddr", "domain"] });
  const host_name = fields.optionalString("host_name", { check: refuseHostName });
  return {
    origin_type,
    origin_addr: fields.string("origin_addr", { check: refuseOriginAddress(fields.raw("origin_type")) }),
    priority: fields.integer("priority", { min: 1, max: 100, default: 70 }),
    weight: fields.integer("weight", { min: 1, max: 100, default: 50 }),
    http_port: fields.integer("http_port", { min: 1, max: 65_535, default: 80 }),
    https_port: fields.integer("https_port", { min: 1, max: 65_535, default: 443 }),
    ...(host_name === undefined ? {} : { host_name }),
  };
}

const refuseHostName: Check<string> = (value) =>
  isHostName(value) ? null : "a host name in lower case, without scheme, port and path";
const refuseOriginName: Check<string> = (value) =>
  isHostName(value) && isIP(value) === 0
    ? null
    : "a host name in lower case that is not an IP address (origin_type ipaddr)";
const refuseAddress: Check<string> = (value) =>
  isIP(value) === 0 ? "an IPv4 or IPv6 address, without brackets and port" : null;

/** Nothing is said about the address while its type is not known. */
function refuseOriginAddress(originType: unknown): Check<string> {
  if (originType === "ipaddr") return refuseAddress;
  return originType === "domain" ? refuseOriginName : () => null;
}

/** They frame or route the message and belong to the node (RFC 9110 §7.6.1, RFC 9112 §6). */
const NODE_HEADERS: readonly string[] = [
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

function readHeaderActions(
  fields: FieldReader,
  { key, problems }: { readonly key: string; readonly problems: Problem[] },
): readonly HeaderAction[] {
  return readList(fields, { key, itemsMax: storeLimits.headerActionsPerDomainMax, problems, read: readHeaderAction });
}

function readHeaderAction(fields: FieldReader): HeaderAction {
  const name = fields.string("name", { check: refuseHeaderName });
  const action = fields.choice("action", { values: ["set", "delete"] });
  if (action === "set") return { name, action, value: fields.string("value", { check: refuseHeaderValue }) };
  if (fields.raw("value") !== undefined) fields.report("value", "is given, allowed: absent with action delete");
  return { name, action };
}

const refuseHeaderName: Check<string> = (name) =>
  name.length <= 256 && isHeaderName(name) && !NODE_HEADERS.includes(name.toLowerCase())
    ? null
    : `a header name of at most 256 characters, not one of ${NODE_HEADERS.join(", ")}`;
const refuseHeaderValue: Check<string> = (value) =>
  value.length <= storeLimits.headerValueCharsMax && isHeaderValue(value) && value === value.trim()
    ? null
    : `at most ${storeLimits.headerValueCharsMax} Latin-1 characters without line breaks and surrounding blanks`;

function readCacheRules(fields: FieldReader, problems: Problem[]): readonly CacheRule[] {
  const key = "cache_rules";
  const rules = readList(fields, { key, itemsMax: storeLimits.cacheRulesPerDomainMax, problems, read: readCacheRule });
  const holders = new Map<number, number>();
  for (const [index, { priority }] of rules.entries()) {
    const holder = holders.get(priority);
    if (holder === undefined) {
      holders.set(priority, index);
      continue;
    }
    const message = `received ${priority}, allowed: a priority no other cache rule has; ${key}[${holder}] has it`;
    if (!problems.some(({ path }) => path === `${key}[${index}].priority`)) {
      problems.push({ path: `${key}[${index}].priority`, message });
    }
  }
  return rules;
}

function readCacheRule(fields: FieldReader): CacheRule {
  const match_type = fields.choice("match_type", {
    values: ["all", "file_extension", "catalog", "full_path", "home_page"],
  });
  const match_value = readMatchValue(fields, match_type);
  const ttl_unit = fields.choice("ttl_unit", { values: ["s", "m", "h", "d"] });
  const ttl = fields.integer("ttl", {
    min: 0,
    max: Math.floor(storeLimits.cacheTtlSecondsMax / UNIT_SECONDS[ttl_unit]),
  });
  const priority = fields.integer("priority", { min: 1, max: 100 });
  const follow_origin = fields.choice("follow_origin", { values: ["off", "on", "min_ttl"], default: "off" });
  const url_parameter_type = fields.choice("url_parameter_type", {
    values: ["full_url", "del_params", "reserve_params", "ignore_url_params"],
    default: "full_url",
  });
  const url_parameter_value = readParameterNames(fields, url_parameter_type);
  return {
    match_type,
    ...(match_value === undefined ? {} : { match_value }),
    ttl,
    ttl_unit,
    priority,
    follow_origin,
    url_parameter_type,
    ...(url_parameter_value === undefined ? {} : { url_parameter_value }),
  };
}

const UNIT_SECONDS: Readonly<Record<CacheRule["ttl_unit"], number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function readMatchValue(fields: FieldReader, matchType: CacheRule["match_type"]): string | undefined {
  if (matchType === "all" || matchType === "home_page") {
    if (fields.raw("match_value") !== undefined) {
      fields.report("match_value", `is given, allowed: absent for match_type ${matchType}`);
    }
    return undefined;
  }
  const start = matchType === "file_extension" ? "." : "/";
  return fields.string("match_value", {
    check: (value) =>
      value.length <= storeLimits.cacheRuleValueCharsMax &&
      value
        .split(";")
        .every((entry) => entry.startsWith(start) && !/[\s?#]/.test(entry) && (start === "/" || entry.length > 1))
        ? null
        : `entries separated by ";", each starting with "${start}", without blanks, "?" and "#", at most ${storeLimits.cacheRuleValueCharsMax} characters`,
  });
}

function readParameterNames(fields: FieldReader, type: CacheRule["url_parameter_type"]): string | undefined {
  if (type === "full_url" || type === "ignore_url_params") {
    if (fields.raw("url_parameter_value") !== undefined) {
      fields.report("url_parameter_value", `is given, allowed: absent for url_parameter_type ${type}`);
    }
    return undefined;
  }
  return fields.string("url_parameter_value", {
    check: (value) =>
      value.length <= storeLimits.cacheRuleValueCharsMax && value.split(";").every((name) => /^[^\s&=?#]+$/.test(name))
        ? null
        : `parameter names separated by ";", without blanks, "&", "=", "?" and "#", at most ${storeLimits.cacheRuleValueCharsMax} characters`,
  });
}

function readForceRedirect(fields: FieldReader): DomainConfig["force_redirect"] {
  const force_redirect = {
    status: fields.choice("status", { values: ["off", "on"], default: "off" }),
    redirect_code: fields.choice("redirect_code", { values: [302, 301], default: 302 }),
  } as const;
  fields.finish();
  return force_redirect;
}
