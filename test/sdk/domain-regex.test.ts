import { describe, expect, test } from "vitest";
import { compileDomainRegex } from "../../sdk/domain-regex.ts";
import { parsedValue } from "./expect-problems.ts";

const compile = (source: string) => parsedValue(compileDomainRegex(source));

describe("compileDomainRegex()", () => {
  test.each([
    ["^/img/(\\d+)/(.*)$", "/img/7/a/b", ["7", "a/b"]],
    ["(a)|(b)", "b", ["", "b"]],
    ["x", "/x/", []],
    ["^/a$", "/b", null],
  ])("%s matches in %s: %j", (source, text, expected) => {
    expect(compile(source).match(text)).toEqual(expected);
  });

  test("counts groups that capture", () => {
    expect(["a", "(a)(?:b)(c)", "(?P<n>a)"].map((source) => compile(source).groups)).toEqual([0, 2, 1]);
  });

  test.each(["", "(", "[", "*", "(?=a)", "(?<!a)b", "(a)\\1", "(x{1000}){1000}", "a{1001}", "a".repeat(1_025)])(
    "refuses %s",
    (source) => {
      expect(compileDomainRegex(source).ok).toBe(false);
    },
  );

  test("decides about the longest path for expressions that make others backtrack", () => {
    const path = `/${"a".repeat(16_383)}`;
    for (const source of ["(a*)*b", "(a|a)*b", "(.*)(.*)(.*)(.*)(.*)x", "a*a*a*a*b", "(a+)+$b"]) {
      expect(compile(source).match(path)).toBeNull();
    }
  });
});
