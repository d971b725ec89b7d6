/** Claims about the form of egress lists. */
import { describe, expect, test } from "vitest";
import { isSameEgress, parseEgress, parseEgressEntry } from "../../sdk/egress.ts";
import { parsedValue, problemPaths } from "./expect-problems.ts";

describe("parseEgressEntry()", () => {
  test.each([
    ["*", { kind: "any", port: null }],
    ["*:443", { kind: "any", port: 443 }],
    ["api.example.com", { kind: "name", name: "api.example.com", port: null }],
    ["api.example.com:8443", { kind: "name", name: "api.example.com", port: 8443 }],
    ["localhost:1", { kind: "name", name: "localhost", port: 1 }],
    ["*.example.com:65535", { kind: "suffix", suffix: ".example.com", port: 65_535 }],
    ["*.internal", { kind: "suffix", suffix: ".internal", port: null }],
    ["203.0.113.7", { kind: "network", address: "203.0.113.7", prefixBits: 32, port: null }],
    ["203.0.113.0/24:80", { kind: "network", address: "203.0.113.0", prefixBits: 24, port: 80 }],
    ["2001:db8::/32", { kind: "network", address: "2001:db8::", prefixBits: 32, port: null }],
    ["2001:db8::1", { kind: "network", address: "2001:db8::1", prefixBits: 128, port: null }],
    ["[2001:db8::1]", { kind: "network", address: "2001:db8::1", prefixBits: 128, port: null }],
    ["[2001:db8::]/32:443", { kind: "network", address: "2001:db8::", prefixBits: 32, port: 443 }],
    ["::1:443", { kind: "network", address: "::1:443", prefixBits: 128, port: null }],
  ])("reads %s", (text, entry) => {
    expect(parseEgressEntry(text)).toEqual(entry);
  });

  test.each([
    "",
    ":443",
    "https://example.com",
    "example.com/path",
    "Example.com",
    "example.com.",
    "example.com:0",
    "example.com:65536",
    "example.com:080",
    "example.com:",
    "*.",
    "*.10.0.0.1",
    "*example.com",
    "a.*.com",
    "**",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "[::1",
    "::1]",
    "[10.0.0.1]x",
    "fe80::1%eth0",
    "2001:db8::/129",
    "user@example.com",
    "exämple.com",
    `${"a".repeat(300)}.com`,
  ])("refuses %j", (text) => {
    expect(parseEgressEntry(text)).toBeNull();
  });
});

describe("parseEgress()", () => {
  test("tells no list from one that allows nothing", () => {
    expect(parsedValue(parseEgress(undefined))).toEqual({ allow: null, deny: [] });
    expect(parsedValue(parseEgress({}))).toEqual({ allow: null, deny: [] });
    expect(parsedValue(parseEgress({ allow: [] }))).toEqual({ allow: [], deny: [] });
  });

  test("keeps each entry once and in order, so that equal lists are written alike", () => {
    const one = parsedValue(parseEgress({ allow: ["b.test", "a.test", "b.test"] }));
    expect(one).toEqual({ allow: ["a.test", "b.test"], deny: [] });
    expect(isSameEgress(one, { allow: ["a.test", "b.test"], deny: [] })).toBe(true);
    expect(isSameEgress(one, { allow: null, deny: [] })).toBe(false);
  });

  test.each<[unknown, string]>([
    [[], "egress"],
    ["a.test", "egress"],
    [{ allow: null }, "egress.allow"],
    [{ allow: "a.test" }, "egress.allow"],
    [{ deny: [7] }, "egress.deny[0]"],
    [{ deny: ["a.test", "a.test:x"] }, "egress.deny[1]"],
    [{ block: [] }, "egress.block"],
    [{ deny: Array.from({ length: 65 }, (_, index) => `a${index}.test`) }, "egress.deny"],
    [{ deny: Array.from({ length: 40 }, (_, index) => `${"a".repeat(60)}.${"b".repeat(60)}.n${index}`) }, "egress"],
  ])("refuses %j", (input, path) => {
    expect(problemPaths(parseEgress(input))).toContain(path);
  });
});
