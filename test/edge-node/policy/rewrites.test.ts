import { describe, expect, it } from "vitest";
import type { OriginRequestUrlRewrite, RequestUrlRewrite } from "../../../sdk/domain-policy.ts";
import { compileOriginRewrites } from "../../../edge-node/policy/origin-rewrite.ts";
import { compileRequestRewrites } from "../../../edge-node/policy/request-rewrite.ts";
import { urlOf } from "./url-of.ts";

const fullPath = (match_value: string, priority = 1): RequestUrlRewrite["condition"] => ({
  match_type: "full_path",
  match_value,
  priority,
});

describe("compileRequestRewrites()", () => {
  const rewrite = (change: Partial<RequestUrlRewrite>): RequestUrlRewrite => ({
    condition: fullPath("/old/*"),
    execution_mode: "break",
    redirect_url: "/new/$1",
    redirect_status_code: 302,
    ...change,
  });
  const check = (changes: readonly Partial<RequestUrlRewrite>[], target: string): string | null => {
    const result = compileRequestRewrites(changes.map(rewrite))?.(urlOf(target));
    if (result === undefined || result === null) return null;
    if (result.kind === "redirect") return `${result.status} ${result.location}`;
    return result.kind === "path" ? result.path : "malformed";
  };

  it.each([
    ["/old/a/b.js", "/new/a/b.js"],
    ["/old/", "/new/"],
    ["/other", null],
    ["/%6Fld/a", "/new/a"],
    ["//old//a", "/new/a"],
    ["/x/../old/a", "/new/a"],
    ["/old%2Fa%2Fb", "/new/a%2Fb"],
    ["/old/%2Fa", "/new/a"],
    ["/old/a%3Fb%23c%20d", "/new/a%3Fb%23c%20d"],
    ["/old/%252e%252e/secret", "/new/%252e%252e/secret"],
    ["/old/%E4%BD%A0", "/new/%E4%BD%A0"],
    ["/old/a$1", "/new/a$1"],
    ["/old/%0d%0aset-cookie:x", "/new/%0D%0Aset-cookie:x"],
  ])("break: %s becomes %s", (target, expected) => {
    expect(check([{}], target)).toBe(expected);
  });

  it.each([
    ["/old/a?x=1", {}, "302 http://site.test/new/a?x=1"],
    ["/old/a?x=1", { redirect_url: "/new?from=$1" }, "302 http://site.test/new?from=a"],
    ["/old/a", { redirect_host: "https://other.test:8443" }, "302 https://other.test:8443/new/a"],
    ["/old/a", { redirect_status_code: 308 }, "308 http://site.test/new/a"],
    ["/old/a", { redirect_url: "/old/$1", redirect_host: "https://site.test" }, "302 https://site.test/old/a"],
    ["/old/a%0D%0Ax", {}, "302 http://site.test/new/a%0D%0Ax"],
  ] as const)("redirect: %s with %j goes to %s", (target, change, expected) => {
    expect(check([{ execution_mode: "redirect", ...change }], target)).toBe(expected);
  });

  it("a redirect to what was asked for is none", () => {
    expect(check([{ execution_mode: "redirect", redirect_url: "/old/x" }], "/old/x?y")).toBeNull();
    expect(check([{ execution_mode: "redirect", redirect_url: "/old/x" }], "/old/y")).toBe(
      "302 http://site.test/old/x",
    );
  });

  it("the larger priority decides, and the first pattern that matches captures", () => {
    const rules = [
      { condition: fullPath("/old/*", 1), redirect_url: "/low" },
      { condition: fullPath("/x/*;/old/*-*", 9), redirect_url: "/high/$1" },
    ];
    expect(check(rules, "/old/a-b-c")).toBe("/high/a");
    expect(check(rules, "/old/a")).toBe("/low");
  });

  it.each([
    [{ match_type: "all", priority: 1 }, "/any", true],
    [{ match_type: "home_page", priority: 1 }, "/", true],
    [{ match_type: "home_page", priority: 1 }, "/x", false],
    [{ match_type: "file_extension", match_value: ".jpg;.png", priority: 1 }, "/a.pn%67", true],
    [{ match_type: "file_extension", match_value: ".jpg;.png", priority: 1 }, "/a.png.", false],
    [{ match_type: "catalog", match_value: "/a", priority: 1 }, "/a/b", true],
    [{ match_type: "catalog", match_value: "/a", priority: 1 }, "/ab", false],
  ] as const)("%j matches %s: %s", (condition, target, matches) => {
    expect(check([{ condition, redirect_url: "/t" }], target)).toBe(matches ? "/t" : null);
  });

  it("what has no canonical form with the client's words is malformed, and dots lead nowhere", () => {
    expect(check([{ redirect_url: "/new/.$1" }], "/old/./x")).toBe("/new/.x");
    expect(check([{ condition: fullPath("/old*"), redirect_url: "/new/.$1" }], "/old%2F")).toBe("malformed");
  });
});

describe("compileOriginRewrites()", () => {
  const check = (rules: readonly Partial<OriginRequestUrlRewrite>[], target: string): string | undefined => {
    const compiled = compileOriginRewrites(
      rules.map((rule) => ({ match_type: "all", target_url: "/target", priority: 1, ...rule })),
    );
    const url = compiled?.(urlOf(target));
    return url === null ? "malformed" : url && `${url.path}${url.query}`;
  };

  it.each([
    [{ match_type: "all" }, "/any/x?q=1", "/target?q=1"],
    [{ match_type: "file_path", source_url: "/test/", target_url: "/video/" }, "/test/a/b.ts?q", "/video/a/b.ts?q"],
    [{ match_type: "file_path", source_url: "/test" }, "/test01", "/target01"],
    [{ match_type: "file_path", source_url: "/test/", target_url: "/v/" }, "/%74est/a%2Fb%20c", "/v/a%2Fb%20c"],
    [{ match_type: "file_path", source_url: "/test/" }, "/x/test/", "/x/test/"],
    [{ match_type: "full_path", source_url: "/a/b" }, "/a/b", "/target"],
    [{ match_type: "full_path", source_url: "/a/b" }, "/a/b/", "/a/b/"],
    [{ match_type: "full_path", source_url: "/a/*" }, "/a/b", "/a/b"],
    [{ match_type: "wildcard", source_url: "/t/*/*.mp4", target_url: "/$2/$1.m" }, "/t/x/y/z.mp4", "/y/z/x.m"],
    [{ match_type: "wildcard", source_url: "/t/*" }, "/x/t/", "/x/t/"],
    [{ match_type: "regex", source_url: "^/(\\d+)/(.*)$", target_url: "/$2/$1" }, "/12/a/b", "/a/b/12"],
    [{ match_type: "regex", source_url: "b(x)?", target_url: "/t$1" }, "/abc", "/t"],
    [{ match_type: "regex", source_url: "^/z" }, "/a", "/a"],
  ] as const)("%j: %s is asked for as %s", (rule, target, expected) => {
    expect(check([rule], target)).toBe(expected);
  });

  it("the larger priority decides", () => {
    expect(
      check(
        [
          { priority: 1, target_url: "/low" },
          { priority: 2, target_url: "/high" },
        ],
        "/a",
      ),
    ).toBe("/high");
  });

  it("an expression that would be slow elsewhere is not", () => {
    const rule = { match_type: "regex", source_url: "^(/a+)+$", target_url: "/t" } as const;
    expect(check([rule], `/${"a".repeat(8_000)}!`)).toHaveLength(8_002);
  });

  it("half an escape that was captured is no path", () => {
    const rule = { match_type: "regex", source_url: "(%)4", target_url: "/x$1" } as const;
    expect(check([rule], "/%4F%20".replace("%4F", "%40"))).toBe("malformed");
  });
});
