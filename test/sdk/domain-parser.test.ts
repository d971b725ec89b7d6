/** Claims about parsing a domain's configuration: defaults, each range at its ends and one beyond, unknown keys. */
import { describe, expect, test } from "vitest";
import { parseDomain } from "../../sdk/domain-parser.ts";
import { parsedValue, problemLines, problemPaths } from "./expect-problems.ts";

const source = { origin_type: "domain", origin_addr: "origin.example.com" };
const cacheRule = { match_type: "all", ttl: 1, ttl_unit: "d", priority: 1 };

function parse(input: unknown) {
  return parseDomain(input, "www.example.com");
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("parseDomain() defaults", () => {
  test("an empty object is a domain without origin", () => {
    expect(parsedValue(parse({}))).toEqual({
      domain: "www.example.com",
      enabled: true,
      sources: [],
      origin_protocol: "http",
      origin_receive_timeout: 30,
      origin_request_header: [],
      http_response_header: [],
      cache_rules: [],
      force_redirect: { status: "off", redirect_code: 302 },
    });
  });

  test("a source needs only its type and address", () => {
    expect(parsedValue(parse({ sources: [source] })).sources).toEqual([
      { ...source, priority: 70, weight: 50, http_port: 80, https_port: 443 },
    ]);
  });

  test("a cache rule follows the whole URL and not the origin", () => {
    expect(parsedValue(parse({ cache_rules: [cacheRule] })).cache_rules).toEqual([
      { ...cacheRule, follow_origin: "off", url_parameter_type: "full_url" },
    ]);
  });

  test("what was parsed parses to itself", () => {
    const once = parsedValue(parse({ sources: [{ ...source, host_name: "h.example.com" }], cache_rules: [cacheRule] }));
    expect(parsedValue(parse(once))).toEqual(once);
  });
});

describe("parseDomain() host name", () => {
  test.each([
    "localhost",
    "a.b",
    "xn--fiqs8s.example",
    "127.0.0.1",
    "*.example.com",
    `${"a".repeat(63)}.com`,
    `${many(4, () => "a".repeat(61)).join(".")}.aaaaa`,
  ])("accepts %s", (domain) => {
    expect(parseDomain({}, domain).ok).toBe(true);
  });

  test.each([
    "",
    "Example.com",
    "exa_mple.com",
    "-a.com",
    "a-.com",
    "a..b",
    "a.",
    ".a",
    "*",
    "*.com",
    "a.*.com",
    "**.example.com",
    "a.com:80",
    "http://a.com",
    "[::1]",
    "例.com",
    "a b",
    `${"a".repeat(64)}.com`,
    `${many(4, () => "a".repeat(61)).join(".")}.aaaaaa`,
  ])("refuses %j", (domain) => {
    expect(problemPaths(parseDomain({}, domain))).toEqual(["domain"]);
  });

  test("may be repeated in the body, not contradicted", () => {
    expect(parse({ domain: "www.example.com" }).ok).toBe(true);
    expect(problemPaths(parse({ domain: "other.example.com" }))).toEqual(["domain"]);
  });
});

describe("parseDomain() sources", () => {
  test.each([
    { priority: 1, weight: 1, http_port: 1, https_port: 1 },
    { priority: 100, weight: 100, http_port: 65_535, https_port: 65_535 },
    { origin_type: "ipaddr", origin_addr: "10.0.0.1" },
    { origin_type: "ipaddr", origin_addr: "2001:db8::1" },
    { host_name: "inside.example.com" },
  ])("accepts %j", (changes) => {
    expect(parsedValue(parse({ sources: [{ ...source, ...changes }] })).sources).toMatchObject([changes]);
  });

  test.each([
    [{ priority: 0 }, "priority"],
    [{ priority: 101 }, "priority"],
    [{ weight: 0 }, "weight"],
    [{ weight: 101 }, "weight"],
    [{ http_port: 0 }, "http_port"],
    [{ http_port: 65_536 }, "http_port"],
    [{ https_port: 0 }, "https_port"],
    [{ https_port: 65_536 }, "https_port"],
    [{ origin_type: "obs_bucket" }, "origin_type"],
    [{ origin_addr: "http://a.com" }, "origin_addr"],
    [{ origin_addr: "a.com:80" }, "origin_addr"],
    [{ origin_addr: "10.0.0.1" }, "origin_addr"],
    [{ origin_addr: "" }, "origin_addr"],
    [{ origin_addr: undefined }, "origin_addr"],
    [{ origin_type: "ipaddr", origin_addr: "a.com" }, "origin_addr"],
    [{ origin_type: "ipaddr", origin_addr: "[::1]" }, "origin_addr"],
    [{ origin_type: "ipaddr", origin_addr: "10.0.0.256" }, "origin_addr"],
    [{ host_name: "a.com:80" }, "host_name"],
    [{ host_name: "" }, "host_name"],
    [{ health: true }, "health"],
  ])("refuses %j", (changes, key) => {
    expect(problemPaths(parse({ sources: [{ ...source, ...changes }] }))).toEqual([`sources[0].${key}`]);
  });

  test("accepts 50 and refuses the 51st", () => {
    expect(parse({ sources: many(50, () => source) }).ok).toBe(true);
    expect(problemLines(parse({ sources: many(51, () => source) }))).toEqual([
      "sources: received 51 entries, allowed: at most 50",
    ]);
  });
});

describe("parseDomain() headers", () => {
  const action = (changes: object) => ({
    http_response_header: [{ name: "x-a", action: "set", value: "1", ...changes }],
  });

  test.each([{ value: "" }, { value: "a b" }, { value: "é" }, { value: "a".repeat(4_096) }, { name: "A".repeat(256) }])(
    "accepts %j",
    (changes) => {
      expect(parse(action(changes)).ok).toBe(true);
    },
  );

  test.each([
    [{ value: "a\r\nb: c" }, "value"],
    [{ value: " a" }, "value"],
    [{ value: "☃" }, "value"],
    [{ value: "a".repeat(4_097) }, "value"],
    [{ value: undefined }, "value"],
    [{ action: "delete" }, "value"],
    [{ action: "append" }, "action"],
    [{ name: "a b" }, "name"],
    [{ name: "" }, "name"],
    [{ name: "A".repeat(257) }, "name"],
    [{ name: "Content-Length" }, "name"],
    [{ name: "transfer-encoding" }, "name"],
    [{ name: "HOST" }, "name"],
  ])("refuses %j", (changes, key) => {
    expect(problemPaths(parse(action(changes)))).toEqual([`http_response_header[0].${key}`]);
  });

  test("a delete has no value", () => {
    const input = { origin_request_header: [{ name: "cookie", action: "delete" }] };
    expect(parsedValue(parse(input)).origin_request_header).toEqual([{ name: "cookie", action: "delete" }]);
  });

  test("accepts 50 actions and refuses the 51st", () => {
    const actions = (count: number) => ({
      origin_request_header: many(count, () => ({ name: "a", action: "delete" })),
    });
    expect(parse(actions(50)).ok).toBe(true);
    expect(problemPaths(parse(actions(51)))).toEqual(["origin_request_header"]);
  });
});

describe("parseDomain() cache rules", () => {
  const rule = (changes: object) => ({ cache_rules: [{ ...cacheRule, ...changes }] });

  test.each([
    { ttl: 0 },
    { ttl: 365, ttl_unit: "d" },
    { ttl: 8_760, ttl_unit: "h" },
    { ttl: 525_600, ttl_unit: "m" },
    { ttl: 31_536_000, ttl_unit: "s" },
    { priority: 100 },
    { match_type: "file_extension", match_value: ".jpg;.png" },
    { match_type: "catalog", match_value: "/a;/b/c" },
    { match_type: "full_path", match_value: "/a/*.jpg" },
    { match_type: "home_page" },
    { follow_origin: "min_ttl" },
    { url_parameter_type: "del_params", url_parameter_value: "utm_source;utm_medium" },
    { url_parameter_type: "ignore_url_params" },
  ])("accepts %j", (changes) => {
    expect(parsedValue(parse(rule(changes))).cache_rules).toMatchObject([changes]);
  });

  test.each([
    [{ ttl: -1 }, "ttl"],
    [{ ttl: 366, ttl_unit: "d" }, "ttl"],
    [{ ttl: 8_761, ttl_unit: "h" }, "ttl"],
    [{ ttl: 525_601, ttl_unit: "m" }, "ttl"],
    [{ ttl: 31_536_001, ttl_unit: "s" }, "ttl"],
    [{ ttl_unit: "w" }, "ttl_unit"],
    [{ ttl_unit: undefined }, "ttl_unit"],
    [{ priority: 0 }, "priority"],
    [{ priority: 101 }, "priority"],
    [{ match_value: "/a" }, "match_value"],
    [{ match_type: "home_page", match_value: "/" }, "match_value"],
    [{ match_type: "file_extension", match_value: "jpg" }, "match_value"],
    [{ match_type: "file_extension", match_value: "." }, "match_value"],
    [{ match_type: "file_extension" }, "match_value"],
    [{ match_type: "catalog", match_value: "a" }, "match_value"],
    [{ match_type: "full_path", match_value: "/a?b" }, "match_value"],
    [{ match_type: "full_path", match_value: `/${"a".repeat(2_048)}` }, "match_value"],
    [{ match_type: "regex" }, "match_type"],
    [{ follow_origin: true }, "follow_origin"],
    [{ url_parameter_type: "reserve_params" }, "url_parameter_value"],
    [{ url_parameter_type: "del_params", url_parameter_value: "a;;b" }, "url_parameter_value"],
    [{ url_parameter_value: "a" }, "url_parameter_value"],
    [{ ttl_units: "s" }, "ttl_units"],
  ])("refuses %j", (changes, key) => {
    expect(problemPaths(parse(rule(changes)))).toContain(`cache_rules[0].${key}`);
  });

  test("refuses one priority twice, naming the rule that has it", () => {
    expect(problemLines(parse({ cache_rules: [cacheRule, cacheRule] }))).toEqual([
      "cache_rules[1].priority: received 1, allowed: a priority no other cache rule has; cache_rules[0] has it",
    ]);
  });

  test("accepts 60 and refuses the 61st", () => {
    const rules = (count: number) => ({ cache_rules: many(count, (index) => ({ ...cacheRule, priority: index + 1 })) });
    expect(parse(rules(60)).ok).toBe(true);
    expect(problemPaths(parse(rules(61)))).toEqual(["cache_rules"]);
  });
});

describe("parseDomain() other keys", () => {
  test.each([1, 300])("accepts a receive timeout of %i s", (origin_receive_timeout) => {
    expect(parsedValue(parse({ origin_receive_timeout }))).toMatchObject({ origin_receive_timeout });
  });

  test.each([
    [{ origin_receive_timeout: 0 }, "origin_receive_timeout"],
    [{ origin_receive_timeout: 301 }, "origin_receive_timeout"],
    [{ origin_protocol: "ftp" }, "origin_protocol"],
    [{ enabled: "yes" }, "enabled"],
    [{ force_redirect: { status: "maybe" } }, "force_redirect.status"],
    [{ force_redirect: { redirect_code: 307 } }, "force_redirect.redirect_code"],
    [{ force_redirect: { code: 301 } }, "force_redirect.code"],
    [{ force_redirect: 301 }, "force_redirect"],
    [{ sources: {} }, "sources"],
    [{ source: [] }, "source"],
  ])("refuses %j", (input, path) => {
    expect(problemPaths(parse(input))).toEqual([path]);
  });

  test.each([[null], [[]], ["x"]])("refuses %j instead of an object", (input) => {
    expect(problemPaths(parse(input))).toEqual(["input"]);
  });

  test("reports all problems together", () => {
    const input = { enabled: 1, sources: [{ ...source, weight: 0 }, 7], typo: 1 };
    expect(problemPaths(parse(input))).toEqual(
      expect.arrayContaining(["enabled", "sources[0].weight", "sources[1]", "typo"]),
    );
  });
});
