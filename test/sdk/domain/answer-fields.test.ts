import { describe, expect, test } from "vitest";
import { accept, refusals, refusedAt } from "./check-domain.ts";

describe("error_code_cache", () => {
  test.each([
    { code: 400, ttl: 0 },
    { code: 599, ttl: 31_536_000 },
  ])("accepts %j", (entry) => {
    expect(accept({ error_code_cache: [entry] }).error_code_cache).toEqual([entry]);
  });

  test.each([
    [{ code: 399, ttl: 1 }, "code"],
    [{ code: 600, ttl: 1 }, "code"],
    [{ code: 404, ttl: -1 }, "ttl"],
    [{ code: 404, ttl: 31_536_001 }, "ttl"],
    [{ code: 404 }, "ttl"],
    [{ ttl: 4 }, "code"],
  ])("refuses %j", (entry, key) => {
    expect(refusedAt({ error_code_cache: [entry] })).toEqual([`error_code_cache[0].${key}`]);
  });

  test("has no code twice", () => {
    const entry = { code: 404, ttl: 1 };
    expect(refusals({ error_code_cache: [entry, entry] })).toEqual([
      "error_code_cache[1].code: received 404, allowed: a code no other entry has; error_code_cache[0] has it",
    ]);
  });
});

describe("browser_cache_rules", () => {
  const condition = { match_type: "all", priority: 1 };

  test.each([
    { cache_type: "follow_origin" },
    { cache_type: "never" },
    { cache_type: "ttl", ttl: 365, ttl_unit: "d" },
    { cache_type: "ttl", ttl: 0, ttl_unit: "s" },
  ])("accept %j", (rule) => {
    expect(accept({ browser_cache_rules: [{ condition, ...rule }] }).browser_cache_rules).toEqual([
      { condition, ...rule },
    ]);
  });

  test.each([
    [{ cache_type: "off" }, ["cache_type"]],
    [{ cache_type: "ttl" }, ["ttl", "ttl_unit"]],
    [{ cache_type: "ttl", ttl: 366, ttl_unit: "d" }, ["ttl"]],
    [{ cache_type: "ttl", ttl: 1, ttl_unit: "w" }, ["ttl_unit"]],
    [{ cache_type: "never", ttl: 1 }, ["ttl"]],
    [{ cache_type: "follow_origin", ttl_unit: "s" }, ["ttl_unit"]],
    [{ cache_type: "never", condition: undefined }, ["condition.match_type", "condition.priority"]],
    [{ cache_type: "never", condition: { match_type: "catalog", priority: 1 } }, ["condition.match_value"]],
    [
      { cache_type: "never", condition: { match_type: "home_page", priority: 1, match_value: "/" } },
      ["condition.match_value"],
    ],
  ])("refuse %j", (rule, keys) => {
    expect(refusedAt({ browser_cache_rules: [{ condition, ...rule }] })).toEqual(
      keys.map((key) => `browser_cache_rules[0].${key}`),
    );
  });

  test("have no priority twice", () => {
    const rule = { condition, cache_type: "never" };
    expect(refusedAt({ browser_cache_rules: [rule, rule] })).toEqual(["browser_cache_rules[1].condition.priority"]);
  });
});

describe("error_code_redirect_rules", () => {
  const rule = { error_code: 404, target_link: "https://www.example.org/gone?x=1" };

  test("get their defaults", () => {
    expect(accept({ error_code_redirect_rules: [rule] }).error_code_redirect_rules).toEqual([
      { ...rule, target_code: 302 },
    ]);
  });

  test.each([
    [{ error_code: 200 }, "error_code"],
    [{ target_code: 307 }, "target_code"],
    [{ target_link: "/gone" }, "target_link"],
    [{ target_link: "//a.example/" }, "target_link"],
    [{ target_link: "ftp://a.example/" }, "target_link"],
    [{ target_link: "javascript:alert(1)" }, "target_link"],
    [{ target_link: "https://user:pw@a.example/" }, "target_link"],
    [{ target_link: "https://" }, "target_link"],
    [{ target_link: "https://a.example/\r\nx: y" }, "target_link"],
    [{ target_link: `https://a.example/${"a".repeat(2_048)}` }, "target_link"],
  ])("refuse %j", (changes, key) => {
    expect(refusedAt({ error_code_redirect_rules: [{ ...rule, ...changes }] })).toEqual([
      `error_code_redirect_rules[0].${key}`,
    ]);
  });

  test("have no code twice, and none that has a page", () => {
    expect(refusedAt({ error_code_redirect_rules: [rule, rule] })).toEqual(["error_code_redirect_rules[1].error_code"]);
    const error_pages = [{ error_code: 404, content_type: "text/html", body: "gone" }];
    expect(refusals({ error_code_redirect_rules: [rule], error_pages })).toEqual([
      "error_pages[0].error_code: received 404, allowed: a status that error_code_redirect_rules do not have; error_code_redirect_rules[0] has it",
    ]);
  });
});

describe("error_pages", () => {
  const page = { error_code: 503, content_type: "text/html; charset=utf-8", body: "<h1>Späť</h1>" };

  test.each([{}, { body: "" }, { body: "a".repeat(65_536) }, { content_type: "application/problem+json" }])(
    "accept %j",
    (changes) => {
      expect(accept({ error_pages: [{ ...page, ...changes }] }).error_pages).toEqual([{ ...page, ...changes }]);
    },
  );

  test.each([
    [{ error_code: 600 }, "error_code"],
    [{ content_type: undefined }, "content_type"],
    [{ content_type: "html" }, "content_type"],
    [{ content_type: "text/html\r\nx: y" }, "content_type"],
    [{ body: undefined }, "body"],
    [{ body: "a".repeat(65_537) }, "body"],
  ])("refuse %#", (changes, key) => {
    expect(refusedAt({ error_pages: [{ ...page, ...changes }] })).toEqual([`error_pages[0].${key}`]);
  });

  test("together are bounded by the document's size", () => {
    const error_pages = Array.from({ length: 20 }, (_, index) => ({
      ...page,
      error_code: 400 + index,
      body: "a".repeat(60_000),
    }));
    expect(refusedAt({ error_pages })).toEqual(["input"]);
  });
});

describe("compress", () => {
  test("gets its defaults", () => {
    expect(accept({ compress: { status: "on" } }).compress).toEqual({
      status: "on",
      type: "br,zstd,gzip",
      min_length: 256,
    });
  });

  test.each([{ type: "gzip" }, { type: "gzip,br" }, { file_type: ".js,.css,.tar.gz" }, { min_length: 0 }])(
    "accepts %j",
    (changes) => {
      expect(accept({ compress: { status: "on", ...changes } }).compress).toMatchObject(changes);
    },
  );

  test.each([
    [{ type: "" }, "type"],
    [{ type: "deflate" }, "type"],
    [{ type: "gzip, br" }, "type"],
    [{ type: "gzip,gzip" }, "type"],
    [{ file_type: "js" }, "file_type"],
    [{ file_type: ".js;.css" }, "file_type"],
    [{ min_length: -1 }, "min_length"],
    [{ min_length: 1_073_741_825 }, "min_length"],
    [{ status: undefined }, "status"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ compress: { status: "on", ...changes } })).toEqual([`compress.${key}`]);
  });
});

describe("hsts, websocket and access_log", () => {
  test("get their defaults", () => {
    const config = accept({ hsts: { status: "on" }, websocket: { status: "off" }, access_log: { status: "on" } });
    expect(config.hsts).toEqual({ status: "on", max_age: 5_184_000, include_subdomains: "off" });
    expect(config.websocket).toEqual({ status: "off" });
    expect(config.access_log).toEqual({ status: "on", sampling: 1 });
  });

  test.each([
    [{ hsts: { status: "on", max_age: -1 } }, "hsts.max_age"],
    [{ hsts: { status: "on", max_age: 63_072_001 } }, "hsts.max_age"],
    [{ hsts: { status: "on", include_subdomains: true } }, "hsts.include_subdomains"],
    [{ hsts: {} }, "hsts.status"],
    [{ hsts: "on" }, "hsts"],
    [{ websocket: {} }, "websocket.status"],
    [{ websocket: { status: "on", timeout: 1 } }, "websocket.timeout"],
    [{ access_log: { status: "on", sampling: 1.1 } }, "access_log.sampling"],
    [{ access_log: { status: "on", sampling: -0.1 } }, "access_log.sampling"],
    [{ access_log: { status: "on", sampling: "1" } }, "access_log.sampling"],
  ])("refuse %j", (input, path) => {
    expect(refusedAt(input)).toEqual([path]);
  });
});
