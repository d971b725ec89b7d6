import { describe, expect, it } from "vitest";
import { compileCacheRules } from "../../../edge-node/cache/cache-rule.ts";
import type { CacheRule } from "../../../sdk/domain.ts";

function keyQuery(query: string, change: Partial<CacheRule>): string | undefined {
  const [compiled] = compileCacheRules([
    {
      match_type: "all",
      ttl: 60,
      ttl_unit: "s",
      priority: 1,
      follow_origin: "off",
      url_parameter_type: "full_url",
      ...change,
    },
  ]);
  return compiled?.keyQuery(query);
}

const without = (query: string): unknown =>
  keyQuery(query, { url_parameter_type: "del_params", url_parameter_value: "utm;ref" });
const only = (query: string): unknown =>
  keyQuery(query, { url_parameter_type: "reserve_params", url_parameter_value: "id;a b" });

describe("what of the query tells objects apart:", () => {
  it.each([
    ["?id=1&utm=x&ref=y&b", "?id=1&b"],
    ["?%75tm=x&id=1", "?id=1"],
    ["?utm=x&&utm", ""],
    ["?UTM=x", "?UTM=x"],
  ])("without some parameters %s is %s", (query, expected) => expect(without(query)).toBe(expected));

  it.each([
    ["?id=1&utm=x", "?id=1"],
    ["?a+b=1&a%20b=2&c=3", "?a+b=1&a%20b=2"],
    ["?b=1", ""],
  ])("with some parameters alone %s is %s", (query, expected) => expect(only(query)).toBe(expected));

  it("all of it, or nothing", () => {
    expect(keyQuery("?a&&b", {})).toBe("?a&&b");
    expect(keyQuery("?a;b", { url_parameter_type: "ignore_url_params" })).toBe("");
  });

  it.each(["?id=1&utm=x;id=2", "?utm;id=2", "?id=1&%75tm=;id=2"])(
    "a parameter stays, as in %s, that an origin may take for two of them",
    (query) => {
      expect(without(query)).toBe(query);
      expect(only(query)).toBe(query);
    },
  );

  it("an escaped semicolon separates nothing", () => {
    expect(without("?id=1&utm=x%3Bid=2")).toBe("?id=1");
  });
});
