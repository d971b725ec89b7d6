import { describe, expect, it } from "vitest";
import type { RefererFilter, UserAgentFilter } from "../../../sdk/domain-policy.ts";
import {
  compileIpFilter,
  compileRefererFilter,
  compileUserAgentFilter,
} from "../../../edge-node/policy/list-filters.ts";

describe("compileIpFilter()", () => {
  it.each([
    ["black", "10.0.0.1", false],
    ["black", "11.0.0.1", true],
    ["black", "2001:db8::5", false],
    ["black", "", false],
    ["white", "10.0.0.1", true],
    ["white", "11.0.0.1", false],
    ["white", "", false],
    ["white", "not an address", false],
  ] as const)("%s list, client %j: %s", (type, address, expected) => {
    expect(compileIpFilter({ type, value: "10.0.0.0/8, 2001:db8::/32" })?.(address)).toBe(expected);
  });

  it("is undefined when it is off", () => {
    expect(compileIpFilter({ type: "off", value: "10.0.0.1" })).toBeUndefined();
    expect(compileIpFilter(undefined)).toBeUndefined();
  });
});

describe("compileRefererFilter()", () => {
  const check = (filter: Partial<RefererFilter>, ...values: readonly string[]): boolean | undefined =>
    compileRefererFilter({
      type: "white",
      value: "good.test;*.good.test;port.test:8080",
      include_empty: false,
      ...filter,
    })?.(values.map((value) => `referer:${value}\n`).join(""));

  it.each([
    ["https://good.test/page", true],
    ["http://good.test:8443/", true],
    ["https://GOOD.test./", true],
    ["https://a.b.good.test/", true],
    ["http://port.test:8080/", true],
    ["http://port.test/", false],
    ["https://evilgood.test/", false],
    ["https://good.test.evil.test/", false],
    ["https://good.test@evil.test/", false],
    ["https://evil.test/https://good.test/", false],
    ["https://evil.test/?good.test", false],
    ["https://evil.test\\@good.test/", false],
    ["//good.test/", false],
    ["good.test", false],
    ["javascript:good.test", false],
    ["", false],
  ])("a white list and %j: %s", (referer, expected) => {
    expect(check({}, referer)).toBe(expected);
  });

  it.each([
    ["white", false, false],
    ["white", true, true],
    ["black", false, true],
    ["black", true, false],
  ] as const)("%s with include_empty %s lets requests without Referer pass: %s", (type, include_empty, expected) => {
    expect(check({ type, include_empty })).toBe(expected);
    expect(check({ type, include_empty }, "about:blank")).toBe(expected);
  });

  it.each([
    ["https://good.test/", false],
    ["https://x.good.test/", false],
    ["https://other.test/", true],
    ["http://port.test:8080/x", false],
    ["http://port.test:8081/x", true],
  ])("a black list and %j: %s", (referer, expected) => {
    expect(check({ type: "black" }, referer)).toBe(expected);
  });

  it("with several Referer lines one that is refused refuses", () => {
    expect(check({}, "https://good.test/", "https://evil.test/")).toBe(false);
    expect(check({ type: "black" }, "https://other.test/", "https://good.test/")).toBe(false);
  });
});

describe("compileUserAgentFilter()", () => {
  const check = (filter: Partial<UserAgentFilter>, agent: string | null): boolean | undefined =>
    compileUserAgentFilter({ type: "black", ua_list: ["curl/*", "*Bot*"], include_empty: false, ...filter })?.(
      agent === null ? "" : `user-agent:${agent}\n`,
    );

  it.each([
    ["black", "curl/8.0", false],
    ["black", "CURL/8.0", false],
    ["black", "my curl/8.0", true],
    ["black", "SomeBOT 1.0", false],
    ["black", "Mozilla/5.0", true],
    ["white", "curl/8.0", true],
    ["white", "Mozilla/5.0", false],
  ] as const)("%s list and %j: %s", (type, agent, expected) => {
    expect(check({ type }, agent)).toBe(expected);
  });

  it.each([
    ["white", false, false],
    ["white", true, true],
    ["black", false, true],
    ["black", true, false],
  ] as const)("%s with include_empty %s lets requests without User-Agent pass: %s", (type, include_empty, expected) => {
    expect(check({ type, include_empty }, null)).toBe(expected);
    expect(check({ type, include_empty }, "")).toBe(expected);
  });
});
