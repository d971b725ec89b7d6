/** Keys that refuse or slow down requests. */
import type {
  IpFilter,
  IpFrequencyLimit,
  RefererFilter,
  RequestLimitRule,
  UrlAuth,
  UserAgentFilter,
} from "../domain-policy.ts";
import { isDomainSecret, secretText } from "../domain-secrets.ts";
import type { FieldReader } from "../field-reader.ts";
import { domainLimits } from "../cdn-limits.ts";
import {
  choice,
  type Field,
  type Fields,
  integer,
  list,
  object,
  optional,
  text,
  textList,
  truth,
  unique,
} from "./field.ts";
import {
  areNetworks,
  areRefererHosts,
  isUserAgentPattern,
  networksText,
  refererHostsText,
  userAgentText,
} from "./grammar.ts";
import { matchType, matchValue, priority } from "./match-fields.ts";
import { onOff } from "./origin-fields.ts";

const filterType = choice({
  meaning: "black refuses whom the list names, white refuses everybody else.",
  values: ["off", "black", "white"],
});
const includeEmpty = (header: string): Field<boolean> =>
  truth({ meaning: `Whether a request without ${header} is named by the list, too.`, default: false });

/** With type off the list may be empty. */
const orOff = (accepts: (value: string) => boolean) => (value: string, fields: FieldReader) =>
  accepts(value) || (value === "" && fields.raw("type") === "off");

const ipFilterFields: Fields<IpFilter> = {
  type: filterType,
  value: text({
    meaning: "Addresses of clients.",
    allowed: networksText,
    accepts: orOff(areNetworks),
  }),
};
export const ipFilter: Field<IpFilter> = object(ipFilterFields, { meaning: "Which clients may ask, by address." });

const refererFields: Fields<RefererFilter> = {
  type: filterType,
  value: text({ meaning: "Hosts in Referer.", allowed: refererHostsText, accepts: orOff(areRefererHosts) }),
  include_empty: includeEmpty("Referer"),
};
export const referer: Field<RefererFilter> = object(refererFields, { meaning: "Which sites may link here." });

const userAgentFields: Fields<UserAgentFilter> = {
  type: filterType,
  ua_list: textList({
    meaning: "Patterns of User-Agent, compared without case.",
    allowed: userAgentText,
    itemsMax: domainLimits.userAgentsMax,
    accepts: isUserAgentPattern,
  }),
  include_empty: includeEmpty("User-Agent"),
};
export const userAgentFilter: Field<UserAgentFilter> = object(userAgentFields, {
  meaning: "Which programs may ask, by User-Agent.",
  check: ({ type, ua_list: patterns, include_empty: withEmpty }, fields) => {
    if (type === "off" || patterns.length > 0 || withEmpty) return;
    fields.report("ua_list", `received no pattern, allowed: at least one with type ${type}`);
  },
});

const argument = (meaning: string, standard: string): Field<string> =>
  text({
    meaning,
    allowed: 'a parameter name: a letter or "_", then letters, digits, "_" and "-", at most 100',
    accepts: (value) => /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/.test(value),
    default: standard,
  });

const urlAuthFields: Fields<UrlAuth> = {
  status: choice({ meaning: "Whether signatures are asked for.", values: onOff }),
  type: choice({
    meaning: "Where the signature is: type_a and type_c2 in parameters, type_b and type_c1 in the path.",
    values: ["type_a", "type_b", "type_c1", "type_c2"],
  }),
  sign_method: choice({ meaning: "How it is computed.", values: ["md5", "sha256"], default: "md5" }),
  key: text({
    meaning: "Signs URLs. Secret: shown as *** and its last two characters; that text put back keeps the key.",
    allowed: secretText,
    accepts: isDomainSecret,
    secret: true,
  }),
  backup_key: optional(
    text({
      meaning: "Accepted beside key, for changing it without a gap. Secret like key.",
      allowed: secretText,
      accepts: isDomainSecret,
      secret: true,
    }),
  ),
  expire_time: integer({
    meaning: "Seconds a URL is valid after its timestamp.",
    min: 0,
    max: 31_536_000,
    default: 1_800,
  }),
  sign_arg: argument("Parameter that carries the signature (type_a, type_c2).", "auth_key"),
  time_arg: argument("Parameter that carries the timestamp (type_c2).", "timestamp"),
  time_format: choice({
    meaning: "Decimal or hexadecimal timestamps (hex: type_c1 and type_c2 only).",
    values: ["dec", "hex"],
    default: "dec",
  }),
  match_type: matchType(["all", "catalog", "file_extension", "full_path"], "all"),
  match_value: matchValue(),
};
export const urlAuth: Field<UrlAuth> = object(urlAuthFields, {
  meaning: "Signed URLs.",
  check: (auth, fields) => {
    if (auth.backup_key === auth.key) fields.report("backup_key", "is the same as key, allowed: another one, or none");
    if (auth.type === "type_c2" && auth.time_arg === auth.sign_arg) {
      fields.report("time_arg", `received "${auth.time_arg}", allowed: another name than sign_arg`);
    }
    if (auth.time_format === "hex" && (auth.type === "type_a" || auth.type === "type_b")) {
      fields.report("time_format", `received "hex", allowed: dec for ${auth.type}`);
    }
  },
});

const frequencyFields: Fields<IpFrequencyLimit> = {
  status: choice({ meaning: "Whether requests are counted.", values: onOff }),
  qps: integer({ meaning: "Requests per second; as many may come at once.", min: 1, max: 100_000 }),
};
export const ipFrequencyLimit: Field<IpFrequencyLimit> = object(frequencyFields, {
  meaning: "Requests of one client address, counted by each front; more are answered 429.",
});

const limitRuleFields: Fields<RequestLimitRule> = {
  match_type: matchType(["all", "catalog"]),
  match_value: matchValue(),
  priority: priority(),
  type: choice({ meaning: "What is counted: bytes of one answer.", values: ["size"], default: "size" }),
  limit_rate_after: integer({
    meaning: "Bytes sent at full speed first.",
    min: 0,
    max: 1_073_741_824,
    default: 0,
  }),
  limit_rate_value: integer({ meaning: "Bytes per second after that; 0: unlimited.", min: 0, max: 104_857_600 }),
};
export const requestLimitRules: Field<readonly RequestLimitRule[]> = list(limitRuleFields, {
  meaning: "How fast answers are sent; the first match by priority decides.",
  itemsMax: domainLimits.conditionsPerListMax,
  checkList: unique(({ priority: value }) => value, { path: "priority", what: "limit rule" }),
});
