import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import type { UrlAuth } from "../../../sdk/domain-policy.ts";
import { setHeader } from "../../../sdk/header-text.ts";
import { ask, errorCode, rawExchange } from "../support/client.ts";
import { ManualClock } from "../support/edge.ts";
import { failedOutcome, textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

const KEY = "0123456789abcdef";
const urlAuth: UrlAuth = {
  status: "on",
  type: "type_a",
  sign_method: "md5",
  key: KEY,
  expire_time: 60,
  sign_arg: "auth_key",
  time_arg: "timestamp",
  time_format: "dec",
  match_type: "all",
};
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const signed = (path: string, seconds: number): string =>
  `${path}?auth_key=${seconds}-r-0-${md5(`${path}-${seconds}-r-0-${KEY}`)}`;

const echo = () =>
  origin((request, response) => {
    response.setHeader("cache-control", "max-age=60");
    response.end(request.url);
  });

const loopbackOnly = { type: "white", value: "192.0.2.0/24" } as const;

describe("a client that is refused", () => {
  it.each<[string, Partial<DomainConfig>, Record<string, string>]>([
    ["by its address", { ip_filter: { type: "black", value: "10.0.0.0/8,127.0.0.1" } }, {}],
    ["by a white list it is not on", { ip_filter: loopbackOnly }, {}],
    ["whatever it says its address is", { ip_filter: loopbackOnly }, { "x-forwarded-for": "192.0.2.1" }],
    [
      "by its Referer",
      { referer: { type: "white", value: "site.test", include_empty: true } },
      { referer: "http://evil.test/" },
    ],
    [
      "by its User-Agent",
      { user_agent_filter: { type: "black", ua_list: ["bad*"], include_empty: false } },
      { "user-agent": "BadBot" },
    ],
    ["without a signature", { url_auth: urlAuth }, {}],
  ])("%s gets 403 ACCESS_DENIED, and the origin is not asked", async (_why, domain, headers) => {
    const source = await echo();
    const { port } = await edge({ origins: [source.port], domain });
    const answer = await ask(port, "/a", { headers });
    expect([answer.status, errorCode(answer)]).toEqual([403, "ACCESS_DENIED"]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(source.requests).toHaveLength(0);
  });

  it("is refused what is in the cache, too", async () => {
    const source = await echo();
    const started = await edge({ origins: [source.port] });
    const { port } = started;
    await ask(port, "/a");
    started.route({ origins: [source.port], domain: { ip_filter: loopbackOnly } });
    expect((await ask(port, "/a")).status).toBe(403);
    started.route({ origins: [source.port] });
    expect((await ask(port, "/a")).headers["cache-status"]).toContain("hit");
  });

  it.each([
    "/secret",
    "/%73ecret",
    "//secret",
    "/a/../secret",
    "/a/%2E%2e/secret",
    "/./secret/",
    "/secret%2fx",
    "/secret%5cx",
  ])("does not get in by writing the path as %s", async (path) => {
    const source = await echo();
    const url_auth = { ...urlAuth, match_type: "catalog", match_value: "/secret" } as const;
    const { port } = await edge({ origins: [source.port], domain: { url_auth } });
    expect((await ask(port, path)).status).toBe(403);
    expect((await ask(port, "/secretive")).text).toBe("/secretive");
  });

  it.each(["/secret%00", "/secret%00/x", "/secret/..%2f..%2fsecret", "/secret\\x"])(
    "gets 400 for %s, which has no spelling",
    async (path) => {
      const source = await echo();
      const { port } = await edge({ origins: [source.port], domain: { url_auth: urlAuth } });
      const text = await rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(source.requests).toHaveLength(0);
    },
  );
});

describe("access control judges the client's own request:", () => {
  const rewrites: FunctionBody = ({ method, headers }) => ({
    kind: "request",
    method,
    url: "http://site.test/public",
    headers: setHeader(headers, "referer", "http://good.test/"),
    body: { kind: "same" },
  });
  const url_auth = { ...urlAuth, match_type: "catalog", match_value: "/secret" } as const;
  const referer = { type: "white", value: "good.test", include_empty: false } as const;

  it.each<[string, FunctionBody, Partial<DomainConfig>]>([
    ["rewrote the URL", rewrites, { url_auth }],
    ["set the field that is judged", rewrites, { referer }],
    ["answered", () => textOutcome("secret"), { url_auth }],
    ["answered with a redirect", () => textOutcome("", { status: 302, headers: "location:/x\n" }), { url_auth }],
    ["failed", () => failedOutcome("FUNCTION_THREW"), { url_auth }],
  ])("a refusal stands when a function %s", async (_what, body, domain) => {
    const source = await echo();
    const { port } = await edge({
      origins: [source.port],
      domain,
      functions: { body },
      rules: [{ phase: "clientRequest", function: "body" }],
    });
    const answer = await ask(port, "/secret");
    expect([answer.status, errorCode(answer)]).toEqual([403, "ACCESS_DENIED"]);
    expect(answer.headers.location).toBeUndefined();
    expect(source.requests).toHaveLength(0);
  });

  it("a function's answer and failure stand for those who may ask", async () => {
    const { port } = await edge({
      domain: { url_auth },
      functions: { answer: () => textOutcome("answered"), fail: () => failedOutcome("FUNCTION_THREW") },
      rules: [
        { phase: "clientRequest", function: "answer", matchType: "path", matchContent: "/a" },
        { phase: "clientRequest", function: "fail", matchType: "path", matchContent: "/f" },
      ],
    });
    expect((await ask(port, "/a")).text).toBe("answered");
    expect(errorCode(await ask(port, "/f"))).toBe("FUNCTION_THREW");
  });

  it("an answer of 403 passes the functions of clientResponse", async () => {
    const { port } = await edge({
      domain: { url_auth },
      functions: {
        mark: ({ response }) => ({
          kind: "response",
          status: response?.status ?? 0,
          headers: setHeader(response?.headers ?? "", "x-seen", "1"),
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "clientResponse", function: "mark" }],
    });
    const answer = await ask(port, "/secret");
    expect([answer.status, answer.headers["x-seen"]]).toEqual([403, "1"]);
  });
});

describe("a signed URL", () => {
  it("is served without its signature to the origin, and kept under the URL without it", async () => {
    const clock = new ManualClock();
    const source = await echo();
    const { port } = await edge({ origins: [source.port], domain: { url_auth: urlAuth }, front: { clock } });
    const seconds = clock.now() / 1_000;
    const first = await ask(port, `${signed("/v/a", seconds)}&x=1`);
    const second = await ask(port, `${signed("/v/a", seconds + 1)}&x=1`);
    expect([first.text, second.text]).toEqual(["/v/a?x=1", "/v/a?x=1"]);
    expect(second.headers["cache-status"]).toContain("hit");
    clock.advance(61_000);
    expect((await ask(port, signed("/v/a", seconds))).status).toBe(403);
  });

  it("in the path is served without it, and rewriting sees the path without it", async () => {
    const clock = new ManualClock();
    const source = await echo();
    const seconds = clock.now() / 1_000;
    const { port } = await edge({
      origins: [source.port],
      domain: {
        url_auth: { ...urlAuth, type: "type_c1" },
        request_url_rewrite: [
          {
            condition: { match_type: "full_path", match_value: "/v/*", priority: 1 },
            execution_mode: "break",
            redirect_url: "/w/$1",
            redirect_status_code: 302,
          },
        ],
      },
      front: { clock },
    });
    const proof = (path: string): string => `/${md5(`${KEY}${path}${seconds}`)}/${seconds}${path}`;
    expect((await ask(port, proof("/v/a"))).text).toBe("/w/a");
    expect((await ask(port, proof("/x"))).text).toBe("/x");
  });

  it("that a function rewrote goes on as the function wrote it, without the signature", async () => {
    const clock = new ManualClock();
    const source = await echo();
    const { port } = await edge({
      origins: [source.port],
      domain: { url_auth: urlAuth },
      functions: {
        move: ({ method, url, headers }) => ({
          kind: "request",
          method,
          url: url.replace("/a", "/moved"),
          headers,
          body: { kind: "same" },
        }),
      },
      rules: [{ phase: "clientRequest", function: "move" }],
      front: { clock },
    });
    expect((await ask(port, signed("/a", clock.now() / 1_000))).text).toBe("/moved");
  });
});

describe("ip_frequency_limit", () => {
  it("answers 429 with Retry-After beyond qps, and serves again a little later", async () => {
    const clock = new ManualClock();
    const source = await echo();
    const domain = { ip_frequency_limit: { status: "on", qps: 2 } } as const;
    const started = await edge({ origins: [source.port], domain, front: { clock } });
    const { port } = started;
    const statuses = async (count: number): Promise<number[]> => {
      const got: number[] = [];
      for (let index = 0; index < count; index++) got.push((await ask(port, "/a")).status);
      return got;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    const refused = await ask(port, "/a");
    expect([errorCode(refused), refused.headers["retry-after"]]).toEqual(["REQUEST_RATE_LIMITED", "1"]);
    started.route({ origins: [source.port], domain });
    expect(await statuses(1)).toEqual([429]);
    clock.advance(500);
    expect(await statuses(2)).toEqual([200, 429]);
  });
});

it("a preheat passes access control, fills what signed URLs are served from, and is not slowed down", async () => {
  const clock = new ManualClock();
  const source = await echo();
  const started = await edge({
    origins: [source.port],
    front: { clock },
    domain: {
      url_auth: urlAuth,
      ip_filter: { type: "white", value: "127.0.0.1" },
      request_limit_rules: [{ match_type: "all", priority: 1, type: "size", limit_rate_after: 0, limit_rate_value: 1 }],
    },
  });
  expect(await started.front.preheat(["http://site.test/v"])).toMatchObject([{ status: 200, bytes: 2 }]);
  const answer = await ask(started.port, signed("/v", clock.now() / 1_000), { method: "HEAD" });
  expect([answer.status, answer.headers["cache-status"]]).toEqual([200, expect.stringContaining("hit")]);
});
