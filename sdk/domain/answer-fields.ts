/** Keys that change what clients get: headers, redirects to https, error pages, compression, the log. */
import type { DomainConfig, HeaderAction } from "../domain.ts";
import type { AccessLog, Compress, ErrorCodeRedirectRule, ErrorPage, Hsts } from "../domain-policy.ts";
import { isHeaderName } from "../header-text.ts";
import { domainLimits } from "../cdn-limits.ts";
import { storeLimits } from "../limits.ts";
import { errorCode, errorCodesMax } from "./cache-fields.ts";
import {
  choice,
  decimal,
  type Field,
  type Fields,
  integer,
  list,
  object,
  optional,
  text,
  textWhen,
  unique,
} from "./field.ts";
import { absoluteUrlText, headerValueText, isAbsoluteUrl, isConfiguredHeaderValue } from "./grammar.ts";
import { onOff } from "./origin-fields.ts";

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

const headerFields: Fields<HeaderAction> = {
  name: text({
    meaning: "The header.",
    allowed: `a header name of at most 256 characters, not one of ${NODE_HEADERS.join(", ")}`,
    accepts: (name) => name.length <= 256 && isHeaderName(name) && !NODE_HEADERS.includes(name.toLowerCase()),
  }),
  action: choice({ meaning: "What happens to it.", values: ["set", "delete"] }),
  value: textWhen({
    meaning: "Its value, with action set.",
    allowed: headerValueText,
    accepts: isConfiguredHeaderValue,
    when: (fields) => {
      const action = fields.raw("action");
      if (action === "set") return true;
      return action === "delete" ? "with action delete" : null;
    },
  }),
};

export const headerActions = (meaning: string): Field<readonly HeaderAction[]> =>
  list(headerFields, { meaning, itemsMax: storeLimits.headerActionsPerDomainMax });

const forceRedirectFields: Fields<DomainConfig["force_redirect"]> = {
  status: choice({ meaning: "Whether http is redirected.", values: onOff, default: "off" }),
  redirect_code: choice({ meaning: "Status of the redirect.", values: [302, 301], default: 302 }),
};
export const forceRedirect: Field<DomainConfig["force_redirect"]> = object(forceRedirectFields, {
  meaning: "Redirects http to https.",
});

const redirectFields: Fields<ErrorCodeRedirectRule> = {
  error_code: errorCode,
  target_code: choice({ meaning: "Status of the redirect.", values: [302, 301], default: 302 }),
  target_link: text({ meaning: "Where the client is sent.", allowed: absoluteUrlText, accepts: isAbsoluteUrl }),
};
export const errorCodeRedirectRules: Field<readonly ErrorCodeRedirectRule[]> = list(redirectFields, {
  meaning: "Instead of an error answer the client is sent elsewhere.",
  itemsMax: errorCodesMax,
  checkList: unique(({ error_code: code }) => code, { path: "error_code", what: "entry" }),
});

const errorPageFields: Fields<ErrorPage> = {
  error_code: errorCode,
  content_type: text({
    meaning: "Content-Type of the page.",
    allowed: 'a media type such as "text/html; charset=utf-8", at most 256 characters',
    accepts: (value) => value.length <= 256 && /^[\w.+-]+\/[\w.+-]+(?: *; *[\w.+-]+=[\w.+"-]+)*$/.test(value),
  }),
  body: text({
    meaning: "The page.",
    allowed: `at most ${domainLimits.errorPageCharsMax} characters`,
    accepts: (value) => value.length <= domainLimits.errorPageCharsMax,
  }),
};
export const errorPages: Field<readonly ErrorPage[]> = list(errorPageFields, {
  meaning: "Instead of an error answer's body the client gets a page. Ours.",
  itemsMax: errorCodesMax,
  checkList: unique(({ error_code: code }) => code, { path: "error_code", what: "page" }),
});

const CODINGS = ["gzip", "br", "zstd"];

const compressFields: Fields<Compress> = {
  status: choice({ meaning: "Whether the node compresses.", values: onOff }),
  type: text({
    meaning: "Codings, the preferred first.",
    allowed: `${CODINGS.join(", ")}, separated by ",", each at most once`,
    accepts: (value) => {
      const codings = value.split(",");
      return codings.every((coding) => CODINGS.includes(coding)) && new Set(codings).size === codings.length;
    },
    default: "br,zstd,gzip",
  }),
  file_type: optional(
    text({
      meaning: "Extensions that are compressed; absent: by content type.",
      allowed: 'at most 100 extensions such as ".js", separated by ","',
      accepts: (value) => /^\.[\w.-]{1,32}(?:,\.[\w.-]{1,32}){0,99}$/.test(value),
    }),
  ),
  min_length: integer({
    meaning: "Smaller bodies are sent as they are, bytes. Ours.",
    min: 0,
    max: 1_073_741_824,
    default: 256,
  }),
};
export const compress: Field<Compress> = object(compressFields, {
  meaning: "Compression by the node where origin and functions did none.",
});

const hstsFields: Fields<Hsts> = {
  status: choice({ meaning: "Whether it is sent, over https only.", values: onOff }),
  max_age: integer({ meaning: "Seconds browsers keep to https.", min: 0, max: 63_072_000, default: 5_184_000 }),
  include_subdomains: choice({ meaning: "Whether subdomains are meant, too.", values: onOff, default: "off" }),
};
export const hsts: Field<Hsts> = object(hstsFields, { meaning: "Strict-Transport-Security (RFC 6797)." });

const accessLogFields: Fields<AccessLog> = {
  status: choice({ meaning: "Whether answers are logged.", values: onOff }),
  sampling: decimal({
    meaning: "Share of requests that are logged; answers of 500 and more always are.",
    min: 0,
    max: 1,
    default: 1,
  }),
};
export const accessLog: Field<AccessLog> = object(accessLogFields, {
  meaning: "One line of JSON for each answer. Ours.",
});

/** Where only on or off can be said. */
const switchFields: Fields<{ readonly status: "on" | "off" }> = {
  status: choice({ meaning: "On or off.", values: onOff }),
};
export const websocket: Field<{ readonly status: "on" | "off" }> = object(switchFields, {
  meaning: "Whether requests for a WebSocket go to the origin when no function takes them. Ours.",
});
