/**
 * Every key of a domain's configuration about answers where a function can say something else: who has the last word. In originResponse and
 * clientResponse functions run first and the configuration wins.
 */
import { describe } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { answersWith, byName, checkPrecedence, header, type Row, sets, text } from "../support/precedence.ts";

const errorPages: Partial<DomainConfig> = {
  error_pages: [{ error_code: 404, content_type: "text/plain", body: "configuration" }],
};
const cacheRule = {
  match_type: "all",
  ttl: 5,
  ttl_unit: "m",
  priority: 1,
  follow_origin: "off",
  url_parameter_type: "full_url",
} as const;
const rows: readonly Row[] = [
  {
    phase: "originResponse",
    key: "cache_rules",
    does: "forbids to store",
    run: sets("cache-control", "no-store"),
    domain: { cache_rules: [cacheRule] },
    wins: "configuration",
    shows: (answer) => String(answer.headers["cache-status"]).includes("hit"),
    of: { function: false, configuration: true },
    requests: 2,
  },
  {
    phase: "originResponse",
    key: "browser_cache_rules",
    does: "sets the field",
    run: sets("cache-control", "max-age=1"),
    domain: {
      browser_cache_rules: [
        { condition: { match_type: "all", priority: 1 }, cache_type: "ttl", ttl: 2, ttl_unit: "s" },
      ],
    },
    wins: "configuration",
    shows: header("cache-control"),
    of: { function: "max-age=1", configuration: "max-age=2" },
  },
  {
    phase: "originResponse",
    key: "error_pages",
    does: "makes an error",
    run: answersWith(404),
    domain: errorPages,
    wins: "configuration",
    shows: text,
    of: byName,
  },
  {
    phase: "clientResponse",
    key: "http_response_header",
    does: "sets the field",
    run: sets("x-who", "function"),
    domain: { http_response_header: [{ name: "X-Who", value: "configuration", action: "set" }] },
    wins: "configuration",
    shows: header("x-who"),
    of: byName,
  },
  {
    phase: "clientResponse",
    key: "http_response_header",
    does: "sets a field that is deleted",
    run: sets("x-who", "function"),
    domain: { http_response_header: [{ name: "X-Who", action: "delete" }] },
    wins: "configuration",
    shows: header("x-who"),
    of: { function: "function", configuration: undefined },
  },
  {
    phase: "clientResponse",
    key: "browser_cache_rules",
    does: "sets the field",
    run: sets("cache-control", "max-age=1"),
    domain: {
      browser_cache_rules: [{ condition: { match_type: "all", priority: 1 }, cache_type: "never" }],
    },
    wins: "configuration",
    shows: header("cache-control"),
    of: { function: "max-age=1", configuration: "no-store" },
  },
  {
    phase: "clientResponse",
    key: "error_pages",
    does: "writes an error's body",
    run: answersWith(404),
    domain: errorPages,
    wins: "configuration",
    shows: text,
    of: byName,
  },
  {
    phase: "clientResponse",
    key: "error_pages, which sees no error then",
    does: "makes an error an answer",
    run: answersWith(200),
    domain: errorPages,
    wins: "function",
    shows: text,
    of: byName,
    path: "/missing",
  },
  {
    phase: "clientResponse",
    key: "error_code_redirect_rules",
    does: "answers with another error's redirect",
    run: () => textOutcome("", { status: 404, headers: "location:http://function.test/\n" }),
    domain: {
      error_code_redirect_rules: [{ error_code: 404, target_code: 302, target_link: "http://configuration.test/" }],
    },
    wins: "configuration",
    shows: header("location"),
    of: { function: "http://function.test/", configuration: "http://configuration.test/" },
  },
];

describe("who has the last word:", () => {
  checkPrecedence(opensThings(), rows);
});
