/** Keys about origins: who they are, how they are asked, whether they are well. */
import { isIP } from "node:net";
import type { DomainSource, FlexibleOrigin, HealthCheck } from "../domain.ts";
import type { OriginRequestUrlRewrite } from "../domain-policy.ts";
import { compileDomainRegex } from "../domain-regex.ts";
import type { Check, FieldReader } from "../field-reader.ts";
import { isHostName } from "../host-name.ts";
import { domainLimits } from "../cdn-limits.ts";
import { storeLimits } from "../limits.ts";
import { choice, type Field, type Fields, integer, list, object, optional, text, textWhen, unique } from "./field.ts";
import { hostNameText, isPath, isPathAndQuery, pathAndQueryText, pathText } from "./grammar.ts";
import { matchValue, priority } from "./match-fields.ts";
import { checkTemplate, countStars } from "./target-template.ts";

export const onOff = ["off", "on"] as const;

const sourceFields: Fields<DomainSource> = {
  origin_type: choice({ meaning: "How origin_addr is to be read.", values: ["ipaddr", "domain"] }),
  origin_addr: textWhen({
    meaning: "Address or host name of the origin, without scheme and port.",
    allowed: "an IPv4 or IPv6 address for ipaddr, a host name in lower case for domain",
    accepts: () => true,
    // Nothing is said about the address while its type is not known.
    when: (fields) => (["ipaddr", "domain"].includes(String(fields.raw("origin_type"))) ? true : null),
    checkFor: (fields) => (fields.raw("origin_type") === "ipaddr" ? refuseAddress : refuseOriginName),
  }),
  priority: integer({ meaning: "The larger is tried first, lower ones are backups.", min: 1, max: 100, default: 70 }),
  weight: integer({ meaning: "Share among origins of one priority.", min: 1, max: 100, default: 50 }),
  http_port: integer({ meaning: "Port for http.", min: 1, max: 65_535, default: 80 }),
  https_port: integer({ meaning: "Port for https.", min: 1, max: 65_535, default: 443 }),
  host_name: optional(
    text({
      meaning: "Host field and TLS server name towards it; absent: the client's host.",
      allowed: hostNameText,
      accepts: isHostName,
    }),
  ),
  max_connections: optional(
    integer({
      meaning: "Connections of one front to it, open WebSockets among them; further requests wait. Ours.",
      min: 1,
      max: 10_000,
    }),
    1_024,
  ),
};

const refuseAddress: Check<string> = (value) =>
  isIP(value) === 0 || value.includes("%") ? "an IPv4 or IPv6 address, without brackets and port" : null;
const refuseOriginName: Check<string> = (value) =>
  isHostName(value) && isIP(value) === 0
    ? null
    : "a host name in lower case that is not an IP address (origin_type ipaddr)";

export const sources: Field<readonly DomainSource[]> = list(sourceFields, {
  meaning: "The origins. None: only functions answer.",
  itemsMax: storeLimits.sourcesPerDomainMax,
});

const healthCheckFields: Fields<HealthCheck> = {
  status: choice({ meaning: "Whether origins are asked.", values: onOff }),
  path: text({
    meaning: "Path and query to ask for.",
    allowed: pathAndQueryText,
    accepts: isPathAndQuery,
    default: "/",
  }),
  method: choice({ meaning: "Method to ask with.", values: ["GET", "HEAD"], default: "GET" }),
  host: optional(
    text({
      meaning: "Host field; absent: the source's host_name, else the domain.",
      allowed: hostNameText,
      accepts: isHostName,
    }),
  ),
  interval: integer({ meaning: "Seconds between two.", min: 1, max: 300, default: 10 }),
  timeout: integer({ meaning: "Seconds until an answer.", min: 1, max: 60, default: 5 }),
  expected_status: text({
    meaning: "Statuses of a well origin.",
    allowed: 'statuses 100..599 or classes such as "2xx", separated by ","',
    accepts: (value) => /^(?:[1-5]xx|[1-5]\d\d)(?:,(?:[1-5]xx|[1-5]\d\d)){0,49}$/.test(value),
    default: "2xx,3xx",
  }),
  healthy_after: integer({ meaning: "Successes in a row until it is well again.", min: 1, max: 10, default: 2 }),
  unhealthy_after: integer({ meaning: "Failures in a row until it is ill.", min: 1, max: 10, default: 3 }),
};

export const healthCheck: Field<HealthCheck> = object(healthCheckFields, {
  meaning: "Requests that ask each origin whether it is well. Ours.",
});

const flexibleOriginFields: Fields<FlexibleOrigin> = {
  match_type: choice({
    meaning: "Which paths; file_path: directories with all below.",
    values: ["all", "file_extension", "file_path"],
  }),
  match_pattern: matchValue(),
  priority: priority(),
  back_sources: list(sourceFields, {
    meaning: "The origins for these paths, at least one.",
    itemsMax: storeLimits.sourcesPerDomainMax,
    checkList: (items, { key, fields }) => {
      if (items.length === 0) fields.report(key, "received no origin, allowed: at least one");
    },
  }),
};

export const flexibleOrigin: Field<readonly FlexibleOrigin[]> = list(flexibleOriginFields, {
  meaning: "Other origins for some paths; the first match by priority decides, `sources` serve the rest.",
  itemsMax: domainLimits.conditionsPerListMax,
  checkList: unique(({ priority: value }) => value, { path: "priority", what: "flexible origin" }),
});

const rewriteFields: Fields<OriginRequestUrlRewrite> = {
  match_type: choice({
    meaning:
      "all; file_path: the path begins with source_url; full_path: it equals it; wildcard: `*` stands for any characters; regex: matched anywhere.",
    values: ["all", "file_path", "full_path", "wildcard", "regex"],
  }),
  source_url: textWhen({
    meaning: "What the path is compared with.",
    allowed: `${pathText}; for regex an expression in RE2 syntax (no look-around, no back-references) of at most ${domainLimits.regexCharsMax} characters; absent for all`,
    accepts: () => true,
    when: whenCompared,
    checkFor: (fields) => (fields.raw("match_type") === "regex" ? refuseRegex : refusePath),
  }),
  target_url: text({
    meaning: "Path to ask the origin for; `$1` to `$9` stand for what each `*` or group matched.",
    allowed: pathText,
    accepts: isPath,
  }),
  priority: priority(),
};

const refuseRegex: Check<string> = (value) => {
  const parsed = compileDomainRegex(value);
  return parsed.ok ? null : (parsed.problems[0]?.message ?? "a regular expression");
};
const refusePath: Check<string> = (value) => (isPath(value) ? null : pathText);

function whenCompared(fields: FieldReader): true | string | null {
  const type = fields.raw("match_type");
  if (type === "all") return "for match_type all";
  return ["file_path", "full_path", "wildcard", "regex"].includes(String(type)) ? true : null;
}

export const originRequestUrlRewrite: Field<readonly OriginRequestUrlRewrite[]> = list(rewriteFields, {
  meaning: "The URL the origin is asked for; the cache key stays the client's. The first match by priority decides.",
  itemsMax: domainLimits.conditionsPerListMax,
  check: (rewrite, fields) => {
    checkTemplate(fields, { key: "target_url", template: rewrite.target_url, groups: groupsOf(rewrite) });
  },
  checkList: unique(({ priority: value }) => value, { path: "priority", what: "origin rewrite" }),
});

function groupsOf({ match_type: type, source_url: source = "" }: OriginRequestUrlRewrite): number {
  if (type === "wildcard") return countStars(source);
  if (type !== "regex") return 0;
  const compiled = compileDomainRegex(source);
  return compiled.ok ? compiled.value.groups : 0;
}
