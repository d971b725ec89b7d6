/** Claims about a function's egress lists as a front judges by them. */
import { describe, expect, it } from "vitest";
import { compileEgress, judgePlace } from "../../../edge-node/origin/egress-rules.ts";
import type { Egress } from "../../../sdk/egress.ts";

/** "any address", "no address", or which of some addresses may be connected to. */
function judged(lists: Partial<Egress>, url: string, addresses: readonly string[] = []): string | readonly string[] {
  const rules = judgePlace(compileEgress({ allow: null, deny: [], ...lists }), new URL(url));
  if (rules === null) return "any address";
  return rules.isNone ? "no address" : addresses.filter((address) => rules.allows(address));
}

const addresses = ["203.0.113.7", "203.0.113.8", "198.51.100.1", "::ffff:203.0.113.7", "2001:db8::1", "nonsense"];

describe("judge()", () => {
  it.each<[string, Partial<Egress>, string, string]>([
    ["without lists", {}, "http://a.test/", "any address"],
    ["a name", { allow: ["a.test"] }, "http://a.test/", "any address"],
    ["a name in capitals", { allow: ["a.test"] }, "http://A.TEST/", "any address"],
    ["a name with the root's dot", { allow: ["a.test"] }, "http://a.test./", "any address"],
    ["another name", { allow: ["a.test"] }, "http://b.test/", "no address"],
    ["a name that ends alike", { allow: ["a.test"] }, "http://xa.test/", "no address"],
    ["a name below", { allow: ["a.test"] }, "http://x.a.test/", "no address"],
    ["a name below a wildcard", { allow: ["*.a.test"] }, "http://x.y.a.test/", "any address"],
    ["the wildcard's own name", { allow: ["*.a.test"] }, "http://a.test/", "no address"],
    ["a name that ends like a wildcard", { allow: ["*.a.test"] }, "http://xa.test/", "no address"],
    ["an empty list", { allow: [] }, "http://a.test/", "no address"],
    ["the port of http", { allow: ["a.test:80"] }, "http://a.test/", "any address"],
    ["the port of https", { allow: ["a.test:443"] }, "https://a.test/", "any address"],
    ["the port of wss", { allow: ["a.test:443"] }, "wss://a.test/", "any address"],
    ["another port", { allow: ["a.test:443"] }, "https://a.test:8443/", "no address"],
    ["a denied name", { deny: ["a.test"] }, "http://a.test/", "no address"],
    ["a name that is not denied", { deny: ["a.test"] }, "http://b.test/", "any address"],
    ["a denied name with the root's dot", { deny: ["a.test"] }, "http://a.test./", "no address"],
    ["a denied port", { deny: ["*:25"] }, "http://a.test:25/", "no address"],
    ["a name on both lists", { allow: ["a.test"], deny: ["*.test"] }, "http://a.test/", "no address"],
    ["everything", { deny: ["*"] }, "http://a.test/", "no address"],
  ])("%s", (_case, lists, url, expected) => {
    expect(judged(lists, url)).toBe(expected);
  });

  it.each<[string, Partial<Egress>, readonly string[]]>([
    ["an allowed network", { allow: ["203.0.113.0/24"] }, ["203.0.113.7", "203.0.113.8", "::ffff:203.0.113.7"]],
    ["an allowed address", { allow: ["203.0.113.7"] }, ["203.0.113.7", "::ffff:203.0.113.7"]],
    ["a mapped network", { allow: ["::ffff:203.0.113.0/120"] }, ["203.0.113.7", "203.0.113.8", "::ffff:203.0.113.7"]],
    ["IPv6", { allow: ["2001:db8::/32"] }, ["2001:db8::1"]],
    ["a denied network", { deny: ["203.0.113.0/24"] }, ["198.51.100.1", "2001:db8::1"]],
    ["both", { allow: ["203.0.113.0/24"], deny: ["203.0.113.7"] }, ["203.0.113.8"]],
    [
      "an allowed name in a denied network",
      { allow: ["a.test"], deny: ["203.0.113.0/24"] },
      ["198.51.100.1", "2001:db8::1"],
    ],
  ])("%s is about addresses", (_case, lists, allowed) => {
    expect(judged(lists, "http://a.test/", addresses)).toEqual(allowed);
  });

  it("a network's port counts, too", () => {
    expect(judged({ allow: ["203.0.113.0/24:443"] }, "http://203.0.113.7/")).toBe("no address");
  });

  it("rules that judge alike share connections, others do not", () => {
    const key = (lists: Partial<Egress>, url: string): string | undefined =>
      judgePlace(compileEgress({ allow: null, deny: [], ...lists }), new URL(url))?.key;
    const one = key({ deny: ["10.0.0.0/8"] }, "http://a.test/");
    expect(key({ allow: ["a.test"], deny: ["10.0.0.0/8"] }, "http://a.test/")).toBe(one);
    expect(key({ deny: ["10.0.0.0/9"] }, "http://a.test/")).not.toBe(one);
    expect(key({ allow: ["10.0.0.0/8"] }, "http://a.test/")).not.toBe(one);
  });

  it("an entry that is none is never taken for one", () => {
    expect(() => compileEgress({ allow: ["https://a.test"], deny: [] })).toThrow("Cannot read an egress entry");
  });
});
