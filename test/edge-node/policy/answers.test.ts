import { describe, expect, it } from "vitest";
import type { BrowserCacheRule } from "../../../sdk/domain-policy.ts";
import { compileBrowserCache } from "../../../edge-node/policy/browser-cache.ts";
import { compilePolicy } from "../../../edge-node/policy/domain-policy.ts";
import { compileErrorAnswers } from "../../../edge-node/policy/error-answers.ts";
import { domainConfig } from "../support/edge.ts";

describe("compileBrowserCache()", () => {
  const check = (rule: Partial<BrowserCacheRule>, headers: string, status = 200): string | undefined =>
    compileBrowserCache([{ condition: { match_type: "all", priority: 1 }, cache_type: "never", ...rule }])?.(headers, {
      path: "/a",
      status,
      nowMs: Date.UTC(2026, 0, 1),
    });
  const ttl = { cache_type: "ttl", ttl: 2, ttl_unit: "m" } as const;
  const lifetime = "max-age=120\nexpires:Thu, 01 Jan 2026 00:02:00 GMT\n";

  it.each([
    [{ cache_type: "never" }, "a:b\ncache-control:max-age=9\nexpires:x\npragma:y\n", "a:b\ncache-control:no-store\n"],
    [ttl, "a:b\n", `a:b\ncache-control:${lifetime}`],
    [ttl, "cache-control:public, max-age=1\nage:100\na:b\nexpires:0\n", `a:b\ncache-control:${lifetime}`],
    [ttl, "cache-control:Private\n", `cache-control:private, ${lifetime}`],
    [ttl, "cache-control:a\ncache-control:no-store\n", `cache-control:private, ${lifetime}`],
    [{ cache_type: "follow_origin" }, "cache-control:max-age=9\nage:3\n", "cache-control:max-age=9\nage:3\n"],
    [{ ...ttl, ttl: 0 }, "", "cache-control:max-age=0\nexpires:Thu, 01 Jan 2026 00:00:00 GMT\n"],
  ] as const)("%j makes of %j %j", (rule, headers, expected) => {
    expect(check(rule, headers)).toBe(expected);
  });

  it("leaves errors alone, and changes 304 like the answer it stands for", () => {
    expect(check(ttl, "cache-control:no-store\n", 404)).toBe("cache-control:no-store\n");
    expect(check(ttl, "", 304)).toBe(`cache-control:${lifetime}`);
  });

  it("the first match by priority decides; without a match nothing changes", () => {
    const rules = compileBrowserCache([
      { condition: { match_type: "catalog", match_value: "/a", priority: 1 }, cache_type: "never" },
      { condition: { match_type: "full_path", match_value: "/a/b", priority: 2 }, cache_type: "follow_origin" },
    ]);
    const at = (path: string): string | undefined => rules?.("x:y\n", { path, status: 200, nowMs: 0 });
    expect([at("/a/b"), at("/a/c"), at("/d")]).toEqual(["x:y\n", "x:y\ncache-control:no-store\n", "x:y\n"]);
  });
});

describe("compileErrorAnswers()", () => {
  const answers = compileErrorAnswers(
    [{ error_code: 503, target_code: 302, target_link: "https://status.test/" }],
    [{ error_code: 404, content_type: "text/html", body: "<h1>gone</h1>" }],
  );
  const request = { href: "http://site.test/a" };

  it("a page keeps the status and what says how to go on, and is kept by nobody", () => {
    const headers =
      "content-type:text/plain\ncontent-encoding:gzip\netag:x\nage:1\ncache-control:max-age=9\nretry-after:5\nset-cookie:a=b\n";
    expect(answers?.({ status: 404, headers }, request)).toEqual({
      status: 404,
      headers: "retry-after:5\nset-cookie:a=b\ncontent-type:text/html\ncache-control:no-store\n",
      body: { kind: "text", text: "<h1>gone</h1>" },
    });
  });

  it("a redirect takes the error's place, and other statuses stay", () => {
    const redirect = { status: 302, headers: "location:https://status.test/\ncache-control:no-store\n" };
    expect(answers?.({ status: 503, headers: "set-cookie:a=b\n" }, request)).toMatchObject(redirect);
    expect(answers?.({ status: 500, headers: "" }, request)).toBeNull();
  });

  it("an error of the URL that errors lead to is sent", () => {
    expect(answers?.({ status: 503, headers: "" }, { href: "https://status.test/" })).toBeNull();
  });
});

describe("compilePolicy()", () => {
  it("is undefined when nothing is configured, or all is off", () => {
    expect(compilePolicy(domainConfig())).toBeUndefined();
    const off = domainConfig({
      ip_filter: { type: "off", value: "" },
      referer: { type: "off", value: "", include_empty: false },
      ip_frequency_limit: { status: "off", qps: 1 },
      request_url_rewrite: [],
      error_pages: [],
      hsts: { status: "off", max_age: 1, include_subdomains: "off" },
    });
    expect(compilePolicy(off)).toBeUndefined();
  });

  it("compiles Strict-Transport-Security and rates; a rate of 0 is none", () => {
    const policy = compilePolicy(
      domainConfig({
        hsts: { status: "on", max_age: 9, include_subdomains: "on" },
        request_limit_rules: [
          { match_type: "all", priority: 1, type: "size", limit_rate_after: 5, limit_rate_value: 7 },
          {
            match_type: "catalog",
            match_value: "/fast",
            priority: 2,
            type: "size",
            limit_rate_after: 0,
            limit_rate_value: 0,
          },
        ],
      }),
    );
    expect(policy?.hsts).toBe("max-age=9; includeSubDomains");
    expect(policy?.access).toBeUndefined();
    expect(policy?.paceOf?.("/x")).toEqual({ fullSpeedBytes: 5, bytesPerSecond: 7 });
    expect(policy?.paceOf?.("/fast/x")).toBeUndefined();
  });
});
