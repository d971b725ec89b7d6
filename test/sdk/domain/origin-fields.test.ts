import { describe, expect, test } from "vitest";
import { accept, refusals, refusedAt } from "./check-domain.ts";

const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1" };

describe("sources", () => {
  test.each([1, 10_000])("may limit connections to %i", (max_connections) => {
    expect(accept({ sources: [{ ...source, max_connections }] }).sources).toMatchObject([{ max_connections }]);
  });

  test.each([0, 10_001, 1.5, "5"])("refuse %j connections", (max_connections) => {
    expect(refusedAt({ sources: [{ ...source, max_connections }] })).toEqual(["sources[0].max_connections"]);
  });

  test.each(["fe80::1%eth0", "010.0.0.1", "0x7f.1", "127.1", "[::1]"])("refuse the address %s", (origin_addr) => {
    expect(refusedAt({ sources: [{ ...source, origin_addr }] })).toEqual(["sources[0].origin_addr"]);
  });
});

describe("health_check", () => {
  test("absent stays absent, given gets its defaults", () => {
    expect("health_check" in accept({})).toBe(false);
    expect(accept({ health_check: { status: "on" } }).health_check).toEqual({
      status: "on",
      path: "/",
      method: "GET",
      interval: 10,
      timeout: 5,
      expected_status: "2xx,3xx",
      healthy_after: 2,
      unhealthy_after: 3,
    });
  });

  test.each([
    { path: "/health?deep=1" },
    { method: "HEAD" },
    { host: "origin.example.com" },
    { interval: 1 },
    { interval: 300 },
    { timeout: 60 },
    { expected_status: "200" },
    { expected_status: "200,204,3xx" },
    { healthy_after: 10, unhealthy_after: 10 },
  ])("accepts %j", (changes) => {
    expect(accept({ health_check: { status: "on", ...changes } }).health_check).toMatchObject(changes);
  });

  test.each([
    [{ status: "yes" }, "status"],
    [{ status: undefined }, "status"],
    [{ path: "health" }, "path"],
    [{ path: "//health" }, "path"],
    [{ path: "/a b" }, "path"],
    [{ path: "/a#b" }, "path"],
    [{ path: "/a\r\nx: y" }, "path"],
    [{ path: `/${"a".repeat(2_048)}` }, "path"],
    [{ method: "POST" }, "method"],
    [{ host: "UPPER.example" }, "host"],
    [{ host: "a:80" }, "host"],
    [{ interval: 0 }, "interval"],
    [{ interval: 301 }, "interval"],
    [{ timeout: 0 }, "timeout"],
    [{ timeout: 61 }, "timeout"],
    [{ expected_status: "" }, "expected_status"],
    [{ expected_status: "6xx" }, "expected_status"],
    [{ expected_status: "99" }, "expected_status"],
    [{ expected_status: "200, 204" }, "expected_status"],
    [{ expected_status: "2xx," }, "expected_status"],
    [{ healthy_after: 0 }, "healthy_after"],
    [{ unhealthy_after: 11 }, "unhealthy_after"],
    [{ retries: 1 }, "retries"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ health_check: { status: "on", ...changes } })).toEqual([`health_check.${key}`]);
  });

  test.each([[null], [true], [[]]])("refuses %j instead of an object", (health_check) => {
    expect(refusals({ health_check })[0]).toMatch(/^health_check: received .*, allowed: an object$/);
  });
});

describe("flexible_origin", () => {
  const flexible = { match_type: "file_path", match_pattern: "/api;/v2/x", priority: 10, back_sources: [source] };

  test.each([
    {},
    { match_type: "file_extension", match_pattern: ".jpg;.png" },
    { match_type: "all", match_pattern: undefined },
  ])("accepts %j", (changes) => {
    expect(accept({ flexible_origin: [{ ...flexible, ...changes }] }).flexible_origin).toHaveLength(1);
  });

  test.each([
    [{ match_type: "catalog" }, "match_type"],
    [{ match_pattern: undefined }, "match_pattern"],
    [{ match_pattern: "api" }, "match_pattern"],
    [{ match_pattern: "/a;" }, "match_pattern"],
    [{ match_type: "all" }, "match_pattern"],
    [{ match_type: "file_extension" }, "match_pattern"],
    [{ priority: 0 }, "priority"],
    [{ back_sources: [] }, "back_sources"],
    [{ back_sources: undefined }, "back_sources"],
    [{ back_sources: [{ ...source, weight: 0 }] }, "back_sources[0].weight"],
    [{ sources: [source] }, "sources"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ flexible_origin: [{ ...flexible, ...changes }] })).toEqual([`flexible_origin[0].${key}`]);
  });

  test("has no priority twice", () => {
    expect(refusals({ flexible_origin: [flexible, flexible] })).toEqual([
      "flexible_origin[1].priority: received 10, allowed: a priority no other flexible origin has; flexible_origin[0] has it",
    ]);
  });

  test("has at most 60", () => {
    const many = Array.from({ length: 61 }, (_, index) => ({ ...flexible, priority: index + 1 }));
    expect(refusals({ flexible_origin: many })).toEqual(["flexible_origin: received 61 entries, allowed: at most 60"]);
  });
});

describe("single keys about origins", () => {
  test.each([
    ["origin_connect_timeout", [1, 60], [0, 61, "5"]],
    ["origin_idle_timeout", [1, 300], [0, 301, null]],
    ["origin_follow302_status", ["on", "off"], [true, "yes", null]],
    ["origin_range_status", ["on", "off"], [{ status: "on" }]],
    ["origin_verify_certificate", ["on", "off"], [false]],
    ["client_abort", ["continue", "stop"], ["off"]],
  ] as const)("%s", (key, good, bad) => {
    expect(key in accept({})).toBe(false);
    for (const value of good) expect(accept({ [key]: value })).toMatchObject({ [key]: value });
    for (const value of bad) expect(refusedAt({ [key]: value })).toEqual([key]);
  });
});

describe("origin_request_url_rewrite", () => {
  const rewrite = { match_type: "wildcard", source_url: "/a/*/b/*", target_url: "/x/$2/$1", priority: 1 };

  test.each([
    {},
    { match_type: "all", source_url: undefined, target_url: "/x" },
    { match_type: "file_path", source_url: "/old/", target_url: "/new/" },
    { match_type: "full_path", source_url: "/a", target_url: "/b" },
    { match_type: "regex", source_url: "^/img/(\\d+)/(.*)$", target_url: "/i/$1/$2" },
    { match_type: "regex", source_url: "(a*)*(b|b)*c", target_url: "/$1" },
    { match_type: "regex", source_url: "(?:a|b)x", target_url: "/x" },
  ])("accepts %j", (changes) => {
    expect(
      accept({ origin_request_url_rewrite: [{ ...rewrite, ...changes }] }).origin_request_url_rewrite,
    ).toHaveLength(1);
  });

  test.each([
    [{ match_type: "simple" }, "match_type"],
    [{ match_type: "all" }, "source_url"],
    [{ source_url: undefined }, "source_url"],
    [{ source_url: "a" }, "source_url"],
    [{ source_url: "/a?b" }, "source_url"],
    [{ match_type: "regex", source_url: "(" }, "source_url"],
    [{ match_type: "regex", source_url: "" }, "source_url"],
    [{ match_type: "regex", source_url: "(?=a)b" }, "source_url"],
    [{ match_type: "regex", source_url: "(?<!a)b" }, "source_url"],
    [{ match_type: "regex", source_url: "(a)\\1" }, "source_url"],
    [{ match_type: "regex", source_url: "(x{1000}){1000}" }, "source_url"],
    [{ match_type: "regex", source_url: "a".repeat(1_025) }, "source_url"],
    [{ target_url: "x" }, "target_url"],
    [{ target_url: "//evil.example/" }, "target_url"],
    [{ target_url: "/a?b=$1" }, "target_url"],
    [{ target_url: "/$3" }, "target_url"],
    [{ target_url: "/$0" }, "target_url"],
    [{ target_url: "/$12" }, "target_url"],
    [{ target_url: "/$x" }, "target_url"],
    [{ target_url: "/$" }, "target_url"],
    [{ match_type: "full_path", source_url: "/a", target_url: "/$1" }, "target_url"],
    [{ match_type: "regex", source_url: "/(?:a|b)", target_url: "/$1" }, "target_url"],
    [{ priority: 101 }, "priority"],
    [{ rewrite_type: "regex" }, "rewrite_type"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ origin_request_url_rewrite: [{ ...rewrite, ...changes }] })).toEqual([
      `origin_request_url_rewrite[0].${key}`,
    ]);
  });

  test("says which groups there are", () => {
    expect(refusals({ origin_request_url_rewrite: [{ ...rewrite, target_url: "/$3" }] })).toEqual([
      'origin_request_url_rewrite[0].target_url: received "$3", allowed: $1..$2, one digit',
    ]);
  });

  test("says why an expression is refused", () => {
    const input = [{ ...rewrite, match_type: "regex", source_url: "(?=a)b" }];
    expect(refusals({ origin_request_url_rewrite: input })[0]).toContain("no look-around and no back-references");
  });
});
