import { describe, expect, it } from "vitest";
import type { RuleMatchType } from "../../../sdk/rule.ts";
import { compileRuleMatch } from "../../../edge-node/rules/compile-rule-match.ts";

function matches(matchType: RuleMatchType, matchContent: string | undefined, path: string): boolean {
  return compileRuleMatch({ matchType, ...(matchContent === undefined ? {} : { matchContent }) })(path);
}

describe("a rule matches", () => {
  it.each<[RuleMatchType, string | undefined, string, boolean]>([
    ["all", undefined, "/", true],
    ["all", undefined, "/a/b", true],
    ["suffix", ".jpg,.zip", "/a/b.zip", true],
    ["suffix", ".jpg, .zip", "/b.zip", true],
    ["suffix", ".jpg", "/b.jpg/c", false],
    ["suffix", ".jpg", "/b.JPG", false],
    ["suffix", ".gz", "/a.tar.gz", true],
    ["directory", "/a,/b/c", "/a", true],
    ["directory", "/a,/b/c", "/a/", true],
    ["directory", "/a,/b/c", "/b/c/d", true],
    ["directory", "/a", "/ab", false],
    ["directory", "/b/c", "/b", false],
    ["directory", "/a/", "/a/x", true],
    ["directory", "/", "/anything", true],
    ["directory", "/café", "/caf%C3%A9/x", true],
    ["path", "/a.html", "/a.html", true],
    ["path", "/a.html", "/a.html/", false],
    ["path", "/test/*.jpg", "/test/x.jpg", true],
    ["path", "/test/*.jpg", "/test/a/b.jpg", true],
    ["path", "/test/*.jpg", "/test/.jpg", true],
    ["path", "/test/*.jpg", "/other/x.jpg", false],
    ["path", "/test/*.jpg", "/test/x.png", false],
    ["path", "/a*a", "/a", false],
    ["path", "/a*b*c", "/axxbxxc", true],
    ["path", "/a*b*b", "/ab", false],
    ["path", "/*", "/", true],
    ["path", "/a.b", "/axb", false],
  ])("%s %s: %s is %s", (matchType, content, path, expected) => {
    expect(matches(matchType, content, path)).toBe(expected);
  });

  it("a pattern of many stars without blowing up", () => {
    const pattern = `/${"a*".repeat(500)}b`;
    expect(matches("path", pattern, `/${"a".repeat(16_000)}`)).toBe(false);
  });
});
