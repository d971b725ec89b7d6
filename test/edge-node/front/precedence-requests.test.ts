/**
 * Every key of a domain's configuration about requests where a function can say something else: who has the last word. In clientRequest functions
 * run first and the configuration wins; in originPull the function does.
 */
import { describe, expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import type { RequestUrlRewrite } from "../../../sdk/domain-policy.ts";
import { ask } from "../support/client.ts";
import { loopbackSource } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import {
  answers,
  byName,
  checkPrecedence,
  echo,
  goesTo,
  header,
  type Row,
  sets,
  status,
  text,
} from "../support/precedence.ts";

const opened = opensThings();
const { edge, origin } = opened;

const rewrite = (change: Partial<RequestUrlRewrite>): Partial<DomainConfig> => ({
  request_url_rewrite: [
    {
      condition: { match_type: "full_path", match_value: "/a", priority: 1 },
      execution_mode: "break",
      redirect_url: "/configuration",
      redirect_status_code: 302,
      ...change,
    },
  ],
});
const originRewrite: Partial<DomainConfig> = {
  origin_request_url_rewrite: [{ match_type: "all", target_url: "/configuration", priority: 1 }],
};
const cacheRule = {
  match_type: "all",
  ttl: 5,
  ttl_unit: "m",
  priority: 1,
  follow_origin: "off",
  url_parameter_type: "full_url",
} as const;
const black = { type: "black", value: "127.0.0.1" } as const;
const urlAuth = {
  status: "on",
  type: "type_a",
  sign_method: "md5",
  key: "0123456789abcdef",
  expire_time: 1_800,
  sign_arg: "auth_key",
  time_arg: "timestamp",
  time_format: "dec",
  match_type: "full_path",
  match_value: "/a",
} as const;
const limitedTo403 = { function: 200, configuration: 403 } as const;
const byPath = { function: "/function", configuration: "/configuration" } as const;

const rows: readonly Row[] = [
  {
    phase: "clientRequest",
    key: "force_redirect",
    does: "answers",
    run: answers,
    domain: { force_redirect: { status: "on", redirect_code: 302 } },
    wins: "configuration",
    shows: header("location"),
    of: { function: undefined, configuration: "https://site.test/a" },
  },
  {
    phase: "clientRequest",
    key: "force_redirect",
    does: "changes the URL",
    run: goesTo("/function"),
    domain: { force_redirect: { status: "on", redirect_code: 302 } },
    wins: "configuration",
    shows: header("location"),
    of: { function: "https://site.test/function", configuration: "https://site.test/a" },
  },
  ...(
    [
      ["answers", answers],
      ["changes the URL", goesTo("/function")],
    ] as const
  ).flatMap(([does, run]): readonly Row[] => [
    {
      phase: "clientRequest",
      key: "ip_filter",
      does,
      run,
      domain: { ip_filter: black },
      wins: "configuration",
      shows: status,
      of: limitedTo403,
    },
    {
      phase: "clientRequest",
      key: "url_auth",
      does,
      run,
      domain: { url_auth: urlAuth },
      wins: "configuration",
      shows: status,
      of: limitedTo403,
    },
    {
      phase: "clientRequest",
      key: "ip_frequency_limit",
      does,
      run,
      domain: { ip_frequency_limit: { status: "on", qps: 1 } },
      wins: "configuration",
      shows: status,
      of: { function: 200, configuration: 429 },
      requests: 2,
    },
    {
      phase: "clientRequest",
      key: "request_url_rewrite (redirect)",
      does,
      run,
      domain: rewrite({ execution_mode: "redirect" }),
      wins: "configuration",
      shows: header("location"),
      of: { function: undefined, configuration: "http://site.test/configuration" },
    },
  ]),
  {
    phase: "clientRequest",
    key: "referer",
    does: "sets the field",
    run: sets("referer", "http://good.test/"),
    domain: { referer: { type: "white", value: "good.test", include_empty: false } },
    wins: "configuration",
    shows: status,
    of: limitedTo403,
  },
  {
    phase: "clientRequest",
    key: "user_agent_filter",
    does: "sets the field",
    run: sets("user-agent", "good"),
    domain: { user_agent_filter: { type: "white", ua_list: ["good"], include_empty: false } },
    wins: "configuration",
    shows: status,
    of: limitedTo403,
  },
  {
    phase: "clientRequest",
    key: "request_url_rewrite (break)",
    does: "changes the URL",
    run: goesTo("/function"),
    domain: rewrite({}),
    wins: "configuration",
    shows: text,
    of: byPath,
  },
  {
    phase: "clientRequest",
    key: "request_url_rewrite (break), which has no URL to rewrite then",
    does: "answers",
    run: answers,
    domain: rewrite({}),
    wins: "function",
    shows: text,
    of: byName,
  },
  {
    phase: "clientRequest",
    key: "origin_request_header",
    does: "sets the field",
    run: sets("x-who", "function"),
    domain: { origin_request_header: [{ name: "X-Who", value: "configuration", action: "set" }] },
    wins: "configuration",
    shows: header("x-was"),
    of: byName,
  },
  {
    phase: "clientRequest",
    key: "origin_request_url_rewrite",
    does: "changes the URL",
    run: goesTo("/function"),
    domain: originRewrite,
    wins: "configuration",
    shows: text,
    of: byPath,
  },
  {
    phase: "clientRequest",
    key: "cache_rules (parameters of the key)",
    does: "changes a parameter",
    run: ({ method, headers, requestId }) => ({
      kind: "request",
      method,
      url: `http://site.test/a?x=${requestId}`,
      headers,
      body: { kind: "same" },
    }),
    domain: { cache_rules: [{ ...cacheRule, url_parameter_type: "ignore_url_params" }] },
    wins: "configuration",
    shows: (answer) => String(answer.headers["cache-status"]).includes("hit"),
    of: { function: false, configuration: true },
    requests: 2,
  },
  {
    phase: "originPull",
    key: "origin_request_header",
    does: "sets the field",
    run: sets("x-who", "function"),
    domain: { origin_request_header: [{ name: "X-Who", value: "configuration", action: "set" }] },
    wins: "function",
    shows: header("x-was"),
    of: byName,
  },
  {
    phase: "originPull",
    key: "origin_request_url_rewrite",
    does: "changes the URL",
    run: goesTo("/function"),
    domain: originRewrite,
    wins: "function",
    shows: text,
    of: byPath,
  },
  {
    phase: "originPull",
    key: "origin_request_url_rewrite",
    does: "answers",
    run: answers,
    domain: originRewrite,
    wins: "function",
    shows: text,
    of: { function: "function", configuration: "/configuration" },
  },
  {
    phase: "fetch",
    key: "origin_request_url_rewrite, whose URL it is asked for",
    does: "answers",
    run: ({ url }) => textOutcome(new URL(url).pathname),
    domain: originRewrite,
    wins: "configuration",
    shows: text,
    of: { function: "/a", configuration: "/configuration" },
  },
];

describe("who has the last word:", () => {
  checkPrecedence(opened, rows);

  it("originPull, sources: the function, which may name another one", async () => {
    const first = await origin((_request, response) => response.end("configuration"));
    const second = await origin((_request, response) => response.end("function"));
    const { port } = await edge({
      domain: {
        sources: [loopbackSource(first.port)],
        flexible_origin: [
          {
            match_type: "file_path",
            match_pattern: "/elsewhere",
            priority: 1,
            back_sources: [loopbackSource(second.port, { host_name: "second.test" })],
          },
        ],
      },
      functions: {
        run: ({ method, headers }) => ({
          kind: "request",
          method,
          url: "http://second.test/a",
          headers,
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "originPull", function: "run" }],
    });
    expect((await ask(port, "/a")).text).toBe("function");
  });

  it("clientRequest, origin_request_url_rewrite: the cache's key is the URL before it", async () => {
    const source = await echo(opened);
    const { port } = await edge({ origins: [source.port], domain: { ...originRewrite, cache_rules: [cacheRule] } });
    await ask(port, "/a");
    expect((await ask(port, "/a")).headers["cache-status"]).toContain("hit");
    expect((await ask(port, "/b")).headers["cache-status"]).not.toContain("hit");
    expect((await ask(port, "/configuration")).headers["cache-status"]).not.toContain("hit");
  });
});
