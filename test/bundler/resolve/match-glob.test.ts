import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../bundler/resolve/match-glob.ts";

describe("matchesGlob()", () => {
  it.each([
    ["*.css", "a.css", true],
    ["*.css", "deep/down/a.css", true],
    ["./a.js", "a.js", true],
    ["./a.js", "b/a.js", false],
    ["src/*.js", "src/a.js", true],
    ["src/*.js", "src/b/a.js", false],
    ["src/**/*.js", "src/a.js", true],
    ["src/**/*.js", "src/b/c/a.js", true],
    ["**/polyfill.js", "polyfill.js", true],
    ["src/**", "src/a/b", true],
    ["a?.js", "ab.js", true],
    ["a?.js", "a.js", false],
    ["*a*b*", "xxaxxbxx", true],
    ["*a*b*", "xxbxxaxx", false],
  ])("%s on %s is %s", (pattern, path, expected) => {
    expect(matchesGlob(pattern, path)).toBe(expected);
  });

  it("takes no exponential time", () => {
    expect(matchesGlob(`${"*a".repeat(200)}b`, "a".repeat(2_000))).toBe(false);
    expect(matchesGlob(`${"**/a/".repeat(200)}b`, "a/".repeat(300))).toBe(false);
  });
});
