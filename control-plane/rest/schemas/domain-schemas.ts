/** Domains and rules in JSON Schema; the types are in sdk/api.ts, sdk/domain.ts and sdk/rule.ts. */
import { phases } from "../../../sdk/phase.ts";
import { boolean, choice, integer, list, object, text, time } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { waitSeconds } from "./function-schemas.ts";
import { revisionResource } from "./node-schemas.ts";

/** What is in it is checked by `parseDomain`, which reports all problems with their ranges and fills in the defaults. */
export const domainInput: JsonSchema = {
  type: "object",
  description: "A DomainConfig as in answers, every key but `domain` optional.",
};

const headerActions = list(
  object({ name: text(), value: text(), action: choice(["set", "delete"]) }, { optional: ["value"] }),
);
const domainConfig = object({
  domain: text(),
  enabled: boolean,
  sources: list(
    object(
      {
        origin_type: choice(["ipaddr", "domain"]),
        origin_addr: text(),
        priority: integer({ min: 1, max: 100 }),
        weight: integer({ min: 1, max: 100 }),
        http_port: integer({ min: 1, max: 65_535 }),
        https_port: integer({ min: 1, max: 65_535 }),
        host_name: text(),
      },
      { optional: ["host_name"] },
    ),
  ),
  origin_protocol: choice(["follow", "http", "https"]),
  origin_receive_timeout: integer({ min: 1, max: 300 }),
  origin_request_header: headerActions,
  http_response_header: headerActions,
  cache_rules: list(
    object(
      {
        match_type: choice(["all", "file_extension", "catalog", "full_path", "home_page"]),
        match_value: text(),
        ttl: integer({ min: 0 }),
        ttl_unit: choice(["s", "m", "h", "d"]),
        priority: integer({ min: 1, max: 100 }),
        follow_origin: choice(["off", "on", "min_ttl"]),
        url_parameter_type: choice(["del_params", "reserve_params", "ignore_url_params", "full_url"]),
        url_parameter_value: text(),
      },
      { optional: ["match_value", "url_parameter_value"] },
    ),
  ),
  force_redirect: object({ status: choice(["on", "off"]), redirect_code: { type: "integer", enum: [301, 302] } }),
});

/** What is in each rule is checked by `parseRules`. */
export const rulesInput: JsonSchema = object(
  { rules: { type: "array", description: "RuleInput objects" }, waitSeconds },
  { optional: ["waitSeconds"] },
);

export const ruleResource: JsonSchema = object(
  {
    phase: choice(phases),
    matchType: choice(["all", "suffix", "directory", "path"]),
    matchContent: text(),
    function: text(),
    version: text(),
    alias: text(),
    priority: integer({ min: 1, max: 100 }),
    enabled: boolean,
    stop: boolean,
    onError: choice(["fail", "continue"]),
    floating: boolean,
  },
  { optional: ["matchContent", "version", "alias"] },
);

export const domainResource: JsonSchema = object({ config: domainConfig, rules: list(ruleResource), updatedAt: time });
export const domainChange: JsonSchema = object({
  domain: domainResource,
  revision: integer({ min: 0 }),
  rollout: revisionResource,
});
