/**
 * Every phase and every key of a domain's configuration where a function and the configuration can say different things: who has the last word.
 * In clientRequest, originResponse and clientResponse functions run first and the configuration wins; in originPull the function does.
 */
import { describe, expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import type { RequestUrlRewrite } from "../../../sdk/domain-policy.ts";
import { setHeader } from "../../../sdk/header-text.ts";
import type { Phase } from "../../../sdk/phase.ts";
import { ask, type Answer } from "../support/client.ts";
import { loopbackSource } from "../support/edge.ts";
import { textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

type Winner = "function" | "configuration";

interface Row {
  readonly phase: Phase;
  readonly key: string;
  /** What the function does. */
  readonly does: string;
  readonly run: FunctionBody;
  readonly domain: Partial<DomainConfig>;
  readonly wins: Winner;
  /** What the answer (of the second request, where there are two) shows of the winner. */
  readonly shows: (answer: Answer) => unknown;
  readonly of: Readonly<Record<Winner, unknown>>;
  readonly path?: string;
  readonly requests?: 2;
}

const answers: FunctionBody = () => textOutcome("function");
const sets =
  (name: string, value: string): FunctionBody =>
  ({ method, url, headers, response }) =>
    response === null
      ? { kind: "request", method, url, headers: setHeader(headers, name, value), body: { kind: "same" } }
      : {
          kind: "response",
          status: response.status,
          headers: setHeader(response.headers, name, value),
          body: { kind: "same" },
        };
const goesTo =
  (target: string): FunctionBody =>
  ({ method, headers }) => ({
    kind: "request",
    method,
    url: `http://site.test${target}`,
    headers,
    body: { kind: "same" },
  });
const answersWith =
  (status: number): FunctionBody =>
  () =>
    textOutcome("function", { status });

const status = (answer: Answer): unknown => answer.status;
const text = (answer: Answer): unknown => answer.text;
const header =
  (name: string) =>
  (answer: Answer): unknown =>
    answer.headers[name];

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
/** The origin answers with the path, or an agent's name, that it was asked with. */
const byPath = { function: "/function", configuration: "/configuration" } as const;
const byName = { function: "function", configuration: "configuration" } as const;

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

const echo = () =>
  origin((request, response) => {
    response.statusCode = request.url === "/missing" ? 404 : 200;
    response.setHeader("x-was", String(request.headers["x-who"]));
    response.end(request.url);
  });

describe("who has the last word:", () => {
  it.each(rows)("$phase, $key, when a function $does: the $wins", async (row) => {
    const source = await echo();
    const { port } = await edge({
      origins: [source.port],
      domain: row.domain,
      functions: { run: row.run },
      rules: [{ phase: row.phase, function: "run" }],
    });
    const path = row.path ?? "/a";
    if (row.requests === 2) await ask(port, path);
    expect(row.shows(await ask(port, path))).toEqual(row.of[row.wins]);
    expect(row.of.function).not.toEqual(row.of.configuration);
  });

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
    const source = await echo();
    const { port } = await edge({ origins: [source.port], domain: { ...originRewrite, cache_rules: [cacheRule] } });
    await ask(port, "/a");
    expect((await ask(port, "/a")).headers["cache-status"]).toContain("hit");
    expect((await ask(port, "/b")).headers["cache-status"]).not.toContain("hit");
    expect((await ask(port, "/configuration")).headers["cache-status"]).not.toContain("hit");
  });
});
