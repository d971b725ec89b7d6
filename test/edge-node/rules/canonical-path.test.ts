import { describe, expect, it } from "vitest";
import { canonicalPath, canonicalRuleContent } from "../../../edge-node/rules/canonical-path.ts";

describe("canonicalPath()", () => {
  it.each([
    ["/", "/", "/"],
    ["/a/b.html", "/a/b.html", "/a/b.html"],
    ["/A", "/A", "/A"],
    ["//a///b", "/a/b", "/a/b"],
    ["/a/./b/../c", "/a/c", "/a/c"],
    ["/../..", "/", "/"],
    ["/a/..", "/", "/"],
    ["/a/%2e%2E/b", "/b", "/b"],
    ["/%7euser/%41", "/~user/A", "/~user/A"],
    ["/a%2fb", "/a%2Fb", "/a/b"],
    ["/a%2f%2Fb", "/a%2F%2Fb", "/a/b"],
    ["/a%5cb", "/a%5Cb", "/a/b"],
    ["/a%2Bb%20c", "/a%2Bb%20c", "/a+b c"],
    ["/%c3%a9", "/%C3%A9", "/%C3%A9"],
    ["/%252e%252e/a", "/%252e%252e/a", "/%2e%2e/a"],
    ["/.well-known/x", "/.well-known/x", "/.well-known/x"],
    ["/a..b/...", "/a..b/...", "/a..b/..."],
    ["/a..;x/.a;y/...;z", "/a..;x/.a;y/...;z", "/a..;x/.a;y/...;z"],
    ["/a%3bx/b%20", "/a%3Bx/b%20", "/a;x/b "],
    ["/[a]|^", "/[a]|^", "/[a]|^"],
  ])("%s is sent as %s and matched as %s", (raw, path, match) => {
    expect(canonicalPath(raw)).toEqual({ path, match });
  });

  it.each([
    "",
    "a",
    "/%",
    "/%4",
    "/%zz",
    "/a b",
    "/a\\b",
    '/a"b',
    "/<a>",
    "/a#b",
    "/a?b",
    "/\x7f",
    "/é",
    "/%00",
    "/a%2f..%2fb",
    "/a%5c..",
    "/..%2fa",
    "/x/..;/admin",
    "/.;/admin",
    "/..;x",
    "/a/.%2e%3bx/b",
    "/a/..%20/b",
    "/a/.%20%20;x",
    "/a%2f..;%2fb",
  ])("%s has no canonical form", (raw) => {
    expect(canonicalPath(raw)).toBeNull();
  });

  it("is stable: the canonical path is its own canonical form", () => {
    for (const raw of ["//a/%2e/b%2fc", "/%41%2B//", "/x/../%c3%a9/"]) {
      const once = canonicalPath(raw);
      expect(canonicalPath(once?.path ?? "")).toEqual(once);
    }
  });

  it("takes time linear in the path's length", () => {
    const raw = "/..%2e/%2E".repeat(1_600);
    expect(canonicalPath(raw)).toEqual({ path: expect.any(String), match: expect.any(String) });
  });
});

it("canonicalRuleContent() reads a rule as the path it means", () => {
  expect(canonicalRuleContent("/café/%61%2Bb")).toBe("/caf%C3%A9/a+b");
});
