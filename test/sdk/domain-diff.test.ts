import { describe, expect, test } from "vitest";
import { diffDomains } from "../../sdk/domain-diff.ts";
import { parseDomainInput, type DomainDocument } from "../../sdk/domain-document.ts";
import { parsedValue } from "./expect-problems.ts";

function document(input: object): DomainDocument {
  const { config, rules } = parsedValue(parseDomainInput(input, "www.example.com"));
  return { config, rules: rules ?? [] };
}
const check = (before: object, after: object) => diffDomains(document(before), document(after));

const source = (origin_addr: string, changes: object = {}) => ({ origin_type: "ipaddr", origin_addr, ...changes });
const cacheRule = (priority: number, changes: object = {}) => ({
  match_type: "all",
  ttl: 60,
  ttl_unit: "s",
  priority,
  ...changes,
});
const rule = (priority: number, changes: object = {}) => ({
  phase: "clientRequest",
  matchType: "all",
  function: "gate",
  alias: "prod",
  priority,
  ...changes,
});

describe("diffDomains()", () => {
  test("finds nothing between documents that say the same, spelt out or by default", () => {
    expect(check({}, { enabled: true, origin_receive_timeout: 30, cache_rules: [] })).toEqual([]);
    const whole = { sources: [source("10.0.0.1")], cache_rules: [cacheRule(1)], rules: [rule(1)] };
    expect(check(whole, whole)).toEqual([]);
  });

  test("names a changed key by its path", () => {
    expect(check({ force_redirect: { status: "off" } }, { force_redirect: { status: "on" } })).toEqual([
      { path: "force_redirect.status", before: "off", after: "on" },
    ]);
  });

  test("shows a part that came or went as a whole", () => {
    const compress = { status: "on", type: "br,zstd,gzip", min_length: 256 };
    expect(check({}, { compress: { status: "on" } })).toEqual([{ path: "compress", after: compress }]);
    expect(check({ compress: { status: "on" } }, {})).toEqual([{ path: "compress", before: compress }]);
  });

  test.each([
    [
      { cache_rules: [cacheRule(50), cacheRule(40)] },
      { cache_rules: [cacheRule(60), cacheRule(50, { ttl: 120 }), cacheRule(40)] },
      ["cache_rules[priority=50].ttl", "cache_rules[priority=60]"],
    ],
    [
      { sources: [source("10.0.0.1"), source("10.0.0.2")] },
      { sources: [source("10.0.0.2", { weight: 7 })] },
      ["sources[origin_addr=10.0.0.1]", "sources[origin_addr=10.0.0.2].weight"],
    ],
    [
      { rules: [rule(1), rule(2)] },
      { rules: [rule(1, { alias: "canary" }), rule(2), rule(1, { phase: "originPull" })] },
      ["rules[phase=clientRequest,priority=1].alias", "rules[phase=originPull,priority=1]"],
    ],
    [
      { http_response_header: [{ name: "x-a", action: "set", value: "1" }] },
      { http_response_header: [{ name: "x-a", action: "delete" }] },
      ["http_response_header[name=x-a].action", "http_response_header[name=x-a].value"],
    ],
    [
      { browser_cache_rules: [{ condition: { match_type: "all", priority: 3 }, cache_type: "never" }] },
      { browser_cache_rules: [{ condition: { match_type: "all", priority: 3 }, cache_type: "follow_origin" }] },
      ["browser_cache_rules[priority=3].cache_type"],
    ],
    [
      { error_code_cache: [{ code: 404, ttl: 1 }] },
      {
        error_code_cache: [
          { code: 404, ttl: 2 },
          { code: 500, ttl: 2 },
        ],
      },
      ["error_code_cache[code=404].ttl", "error_code_cache[code=500]"],
    ],
  ])("recognises entries by what they are: %#", (before, after, paths) => {
    expect(check(before, after).map(({ path }) => path)).toEqual(paths);
  });

  test("tells entries that are the same thing apart", () => {
    const twice = (port: number) => ({ sources: [source("10.0.0.1"), source("10.0.0.1", { http_port: port })] });
    expect(check(twice(81), twice(82))).toEqual([
      { path: "sources[origin_addr=10.0.0.1,2].http_port", before: 81, after: 82 },
    ]);
  });

  test("says when only the order changed", () => {
    expect(check({ cache_rules: [cacheRule(1), cacheRule(2)] }, { cache_rules: [cacheRule(2), cacheRule(1)] })).toEqual(
      [{ path: "cache_rules[order]", before: "priority=1 priority=2", after: "priority=2 priority=1" }],
    );
  });

  test("masks keys, and says when another one looks the same", () => {
    const auth = (key: string) => ({ url_auth: { status: "on", type: "type_a", key } });
    const differences = [
      check(auth("first-key-000000".replaceAll("-", "x")), auth("secondxkey000011")),
      check(auth("firstxkeyxx000099"), auth("secondxkeyx000099")),
      check({}, auth("onlyxkeyxx000055")),
    ];
    expect(differences[0]).toEqual([{ path: "url_auth.key", before: "***00", after: "***11" }]);
    expect(differences[1]).toEqual([{ path: "url_auth.key", before: "***99", after: "***99 (another)" }]);
    expect(JSON.stringify(differences)).not.toMatch(/xkey/);
  });

  test("lists every key of a new domain", () => {
    const paths = diffDomains(null, document({ rules: [rule(1)] })).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["domain", "enabled", "sources", "rules"]));
  });
});
