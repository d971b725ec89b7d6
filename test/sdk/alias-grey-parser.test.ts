import { describe, expect, it } from "vitest";
import { greyText, type AliasGrey } from "../../sdk/alias-grey.ts";
import { parseAliasGrey, parseRuleText, parseStickyText } from "../../sdk/alias-grey-parser.ts";
import { greyLimits } from "../../sdk/limits.ts";

describe("a grey release", () => {
  it.each<[string, unknown, AliasGrey | null]>([
    ["nothing is none", undefined, null],
    ["null is none", null, null],
    ["a weight", { version: "v2", weight: 5 }, { by: "weight", version: "v2", weight: 5, sticky: null }],
    ["a hundredth", { version: "v2", weight: 0.01 }, { by: "weight", version: "v2", weight: 0.01, sticky: null }],
    ["0 and 100 percent", { version: "v2", weight: 100 }, { by: "weight", version: "v2", weight: 100, sticky: null }],
    [
      "a sticky header, in lower case",
      { by: "weight", version: "v2", weight: 0, sticky: { from: "header", name: "X-User" } },
      { by: "weight", version: "v2", weight: 0, sticky: { from: "header", name: "x-user" } },
    ],
    [
      "rules, known by themselves",
      {
        version: "v2",
        rules: [
          { name: "X-Beta", value: "1" },
          { from: "cookie", name: "Beta", op: "in", value: "a,b" },
        ],
      },
      {
        by: "rules",
        version: "v2",
        combine: "all",
        rules: [
          { from: "header", name: "x-beta", op: "=", value: "1" },
          { from: "cookie", name: "Beta", op: "in", value: "a,b" },
        ],
      },
    ],
  ])("%s", (_case, input, value) => {
    expect(parseAliasGrey(input)).toEqual({ ok: true, value });
  });

  const rule = { name: "x-beta", value: "1" };
  it.each<[string, unknown, string]>([
    ["no version", { weight: 5 }, "grey.version: is required"],
    ["latest", { version: "latest", weight: 5 }, "grey.version: received"],
    ["a weight above 100", { version: "v2", weight: 100.01 }, "grey.weight: received 100.01, allowed: a number 0..100"],
    ["a weight below 0", { version: "v2", weight: -1 }, "grey.weight: received -1"],
    [
      "a thousandth",
      { version: "v2", weight: 0.001 },
      "grey.weight: received 0.001, allowed: 0..100 percent in steps of 0.01",
    ],
    ["no weight", { version: "v2" }, "grey.weight: is required"],
    ["weight and rules", { version: "v2", weight: 5, rules: [rule] }, "grey.weight: is not a key"],
    ["no rules", { by: "rules", version: "v2", rules: [] }, "grey.rules: received none"],
    [
      "a rule too many",
      { version: "v2", rules: Array.from({ length: greyLimits.rulesMax + 1 }, () => rule) },
      `grey.rules: received ${greyLimits.rulesMax + 1} entries`,
    ],
    ["another operator", { version: "v2", rules: [{ ...rule, op: "!=" }] }, "grey.rules[0].op: received"],
    ["an empty value", { version: "v2", rules: [{ ...rule, value: "" }] }, "grey.rules[0].value: received"],
    ["a line break", { version: "v2", rules: [{ ...rule, value: "a\nb" }] }, "grey.rules[0].value: received"],
    ["a name with a blank", { version: "v2", rules: [{ ...rule, name: "a b" }] }, "grey.rules[0].name: received"],
    ["a list", [], "grey: received [], allowed: an object"],
  ])("%s is refused", (_case, input, problem) => {
    const parsed = parseAliasGrey(input);
    const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    expect(problems.some((text) => text.startsWith(problem))).toBe(true);
  });

  it("takes as many and as long rules as allowed", () => {
    const long = { name: "x".repeat(greyLimits.nameCharsMax), value: "v".repeat(greyLimits.valueCharsMax) };
    const rules = Array.from({ length: greyLimits.rulesMax }, () => long);
    expect(parseAliasGrey({ version: "v2", rules }).ok).toBe(true);
    const longer = [{ ...long, name: `${long.name}x` }];
    expect(parseAliasGrey({ version: "v2", rules: longer }).ok).toBe(false);
  });
});

describe("on the command line", () => {
  it.each([
    ["x-beta = 1", "v2 when x-beta = 1"],
    ["X-Beta=1", "v2 when x-beta = 1"],
    ["cookie Plan in gold, silver", "v2 when cookie Plan in gold, silver"],
  ])("the rule %s", (text, shown) => {
    const rule = parseRuleText(text);
    if (typeof rule === "string") throw new Error(rule);
    expect(greyText({ by: "rules", version: "v2", combine: "all", rules: [rule] })).toBe(shown);
  });

  it.each(["x-beta", "= 1", "x beta = 1", "cookie = "])("the rule %s is refused", (text) => {
    expect(parseRuleText(text)).toContain("allowed:");
  });

  it("a sticky key", () => {
    expect(parseStickyText("cookie:Sid")).toEqual({ from: "cookie", name: "Sid" });
    expect(parseStickyText("header:X-User")).toEqual({ from: "header", name: "x-user" });
    for (const text of ["Sid", "query:a", "cookie:", "header:a b"]) expect(parseStickyText(text)).toContain("allowed:");
  });
});
