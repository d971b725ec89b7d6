/**
 * The table of all keys of a domain's configuration, and what only the whole of it shows.
 *
 * Names are those of the CDN configuration API being implemented; keys of that API that have no counterpart here are refused with what to do
 * instead.
 */
import type { DomainConfig } from "../domain.ts";
import type { FieldReader } from "../field-reader.ts";
import { domainPatternText, isDomainPattern } from "../host-name.ts";
import * as access from "./access-fields.ts";
import * as answer from "./answer-fields.ts";
import * as cache from "./cache-fields.ts";
import { choice, type Field, type Fields, integer, optional, text, truth } from "./field.ts";
import * as origin from "./origin-fields.ts";
import { requestUrlRewrite } from "./rewrite-fields.ts";

const onOff = (meaning: string): Field<"on" | "off"> => choice({ meaning, values: origin.onOff });

export const domainFields: Fields<DomainConfig> = {
  domain: text({
    meaning: "The host name; in input it may only repeat it.",
    allowed: domainPatternText,
    accepts: isDomainPattern,
  }),
  enabled: truth({ meaning: "Whether it is served; false: 404.", default: true }),
  sources: origin.sources,
  origin_protocol: choice({
    meaning: "How origins are asked; follow: as the client asked.",
    values: ["http", "https", "follow"],
    default: "http",
  }),
  origin_receive_timeout: integer({ meaning: "Seconds until the origin's first byte.", min: 1, max: 300, default: 30 }),
  origin_request_header: answer.headerActions("Headers of requests to the origin, before originPull functions."),
  http_response_header: answer.headerActions("Headers of answers to clients, after clientResponse functions."),
  cache_rules: cache.cacheRules,
  force_redirect: answer.forceRedirect,
  flexible_origin: optional(origin.flexibleOrigin),
  origin_connect_timeout: optional(
    integer({ meaning: "Seconds until a connection is there. Ours.", min: 1, max: 60 }),
    5,
  ),
  origin_idle_timeout: optional(
    integer({ meaning: "Seconds between two pieces of an answer. Ours.", min: 1, max: 300 }),
    30,
  ),
  origin_follow302_status: optional(
    onOff("Whether the node follows redirects of the origin, at most five; off: the client gets them."),
    "off",
  ),
  origin_range_status: optional(
    onOff("Whether Range goes to the origin; off: the whole is fetched, kept and cut."),
    "off",
  ),
  origin_verify_certificate: optional(
    onOff("Whether an https origin must prove who it is; off trusts whoever answers. Ours."),
    "on",
  ),
  health_check: optional(origin.healthCheck),
  origin_request_url_rewrite: optional(origin.originRequestUrlRewrite),
  error_code_cache: optional(cache.errorCodeCache),
  client_abort: optional(
    choice({
      meaning: "Whether a fill goes on when its only client leaves. Ours.",
      values: ["continue", "stop"],
    }),
    "continue",
  ),
  ip_filter: optional(access.ipFilter),
  referer: optional(access.referer),
  user_agent_filter: optional(access.userAgentFilter),
  url_auth: optional(access.urlAuth),
  ip_frequency_limit: optional(access.ipFrequencyLimit),
  request_limit_rules: optional(access.requestLimitRules),
  request_url_rewrite: optional(requestUrlRewrite),
  browser_cache_rules: optional(cache.browserCacheRules),
  error_code_redirect_rules: optional(answer.errorCodeRedirectRules),
  error_pages: optional(answer.errorPages),
  compress: optional(answer.compress),
  hsts: optional(answer.hsts),
  websocket: optional(answer.websocket),
  access_log: optional(answer.accessLog),
};

/** Keys of the original API that are not kept here, and what to do instead. */
export const foreignKeys: Readonly<Record<string, string>> = {
  remote_auth:
    "is not kept here: write a clientRequest function that asks the authentication server with fetch and answers 403 itself",
  access_area_filter:
    "is not kept here: nodes know no regions; list networks in ip_filter, or decide in a clientRequest function",
  slice_etag_status: "is not kept here: slices of one object are always checked by their validators; leave it out",
  ipv6_accelerate: "is not kept here: a node serves IPv6 when its listen address is one; leave it out",
};

/** What is only wrong in company; called with a configuration whose keys are right by themselves. */
export function checkWholeDomain(config: DomainConfig, fields: FieldReader): void {
  checkErrorAnswers(config, fields);
  checkSchemeLoop(config, fields);
}

function checkErrorAnswers(
  { error_pages: pages = [], error_code_redirect_rules: rules = [] }: DomainConfig,
  fields: FieldReader,
): void {
  for (const [index, { error_code: code }] of pages.entries()) {
    const other = rules.findIndex(({ error_code: redirected }) => redirected === code);
    if (other < 0) continue;
    const allowed = `a status that error_code_redirect_rules do not have; error_code_redirect_rules[${other}] has it`;
    fields.report(`error_pages[${index}].error_code`, `received ${code}, allowed: ${allowed}`);
  }
}

/** A redirect to this very host: over and over when it matches again, and against force_redirect when it says http. */
function checkSchemeLoop(
  { domain, force_redirect: force, request_url_rewrite: rewrites = [] }: DomainConfig,
  fields: FieldReader,
): void {
  for (const [index, { redirect_host: target, condition }] of rewrites.entries()) {
    if (target === undefined || URL.parse(target)?.hostname !== domain) continue;
    const path = `request_url_rewrite[${index}].redirect_host`;
    if (target.startsWith("http:") && force.status === "on") {
      fields.report(path, `received "${target}", which loops, allowed: https, because force_redirect is on`);
    } else if (condition.match_type === "all") {
      const allowed = "another host, because every path is redirected (force_redirect is for https)";
      fields.report(path, `received "${target}", which loops, allowed: ${allowed}`);
    }
  }
}
