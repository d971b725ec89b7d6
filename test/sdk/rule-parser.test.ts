/** Claims about parsing a domain's rules: every limit at its end and one beyond, every contradiction refused. */
import { describe, expect, test } from "vitest";
import { parseRules } from "../../sdk/rule-parser.ts";
import { parsedValue, problemLines, problemPaths } from "./expect-problems.ts";

const base = { phase: "clientRequest", matchType: "all", function: "f", alias: "prod", priority: 1 };

function parseOne(changes: Record<string, unknown>) {
  return parseRules([{ ...base, ...changes }]);
}

function list(count: number, entry: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => entry(index)).join(",");
}

describe("parseRules() defaults", () => {
  test("fills in enabled, stop and onError", () => {
    expect(parsedValue(parseRules([base]))).toEqual([{ ...base, enabled: true, stop: false, onError: "fail" }]);
  });

  test.each([
    ["clientRequest", "fail"],
    ["originPull", "fail"],
    ["fetch", "fail"],
    ["originResponse", "continue"],
    ["clientResponse", "continue"],
  ])("lets a failing function in %s %s", (phase, onError) => {
    expect(parsedValue(parseOne({ phase }))).toMatchObject([{ onError }]);
  });

  test("keeps what is given", () => {
    const given = { enabled: false, stop: true, onError: "continue" };
    expect(parsedValue(parseOne(given))).toMatchObject([given]);
  });

  test("accepts no rules at all", () => {
    expect(parsedValue(parseRules([]))).toEqual([]);
  });
});

describe("parseRules() limits", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...base, priority: index + 1 }));

  test("accepts 40 rules and refuses the 41st", () => {
    expect(parsedValue(parseRules(many(40)))).toHaveLength(40);
    expect(problemLines(parseRules(many(41)))).toEqual(["rules: received 41 rules, allowed: at most 40"]);
  });

  test.each([1, 100])("accepts priority %i", (priority) => {
    expect(parsedValue(parseOne({ priority }))).toMatchObject([{ priority }]);
  });

  test.each([0, 101, -1, 1.5, "1", null])("refuses priority %j", (priority) => {
    expect(problemLines(parseOne({ priority }))).toEqual([
      `rules[0].priority: received ${JSON.stringify(priority)}, allowed: an integer 1..100`,
    ]);
  });

  test("refuses one priority twice in a phase, naming the rule that has it", () => {
    expect(problemLines(parseRules([base, { ...base, function: "g" }]))).toEqual([
      "rules[1].priority: received 1, allowed: a priority no other rule of phase clientRequest has; rules[0] has it",
    ]);
  });

  test("allows one priority in two phases", () => {
    expect(parseRules([base, { ...base, phase: "originPull" }]).ok).toBe(true);
  });

  test("does not report a duplicate for a priority that is wrong already", () => {
    expect(problemPaths(parseRules([base, { ...base, priority: 0 }]))).toEqual(["rules[1].priority"]);
  });
});

describe("parseRules() match content", () => {
  test.each([
    ["suffix", ".jpg"],
    ["suffix", ".tar.gz,.zip"],
    ["suffix", list(20, (index) => `.a${index}`)],
    ["directory", "/"],
    ["directory", "/a,/b/c,/d/"],
    ["directory", list(20, (index) => `/a${index}`)],
    ["path", "/"],
    ["path", "/test/*.jpg"],
    ["path", "/a,b"],
    ["path", `/${"a".repeat(2_047)}`],
  ])("%s accepts %s", (matchType, matchContent) => {
    expect(parsedValue(parseOne({ matchType, matchContent }))).toMatchObject([{ matchType, matchContent }]);
  });

  test("removes blanks around the entries of a list", () => {
    expect(parsedValue(parseOne({ matchType: "suffix", matchContent: ".a, .b" }))).toMatchObject([
      { matchContent: ".a,.b" },
    ]);
  });

  test.each([
    ["suffix", "jpg"],
    ["suffix", "."],
    ["suffix", ""],
    ["suffix", ".a,"],
    ["suffix", ".a,.a"],
    ["suffix", ".a/b"],
    ["suffix", ".*"],
    ["suffix", list(21, (index) => `.a${index}`)],
    ["directory", "a"],
    ["directory", "/a,b"],
    ["directory", "/a//b"],
    ["directory", "/a*"],
    ["directory", "/a?b"],
    ["directory", list(21, (index) => `/a${index}`)],
    ["path", "a"],
    ["path", ""],
    ["path", "*"],
    ["path", "/a?b"],
    ["path", "/a b"],
    ["path", "/a#b"],
    ["path", `/${"a".repeat(2_048)}`],
    ["path", 7],
    ["path", undefined],
    ["all", "/a"],
    ["all", ""],
  ])("%s refuses %j", (matchType, matchContent) => {
    expect(problemPaths(parseOne({ matchType, matchContent }))).toEqual(["rules[0].matchContent"]);
  });
});

describe("parseRules() target", () => {
  test("accepts a version, the version latest, or an alias", () => {
    expect(parsedValue(parseOne({ alias: undefined, version: "v1" }))).toMatchObject([{ version: "v1" }]);
    expect(parsedValue(parseOne({ alias: undefined, version: "latest" }))).toMatchObject([{ version: "latest" }]);
    expect(parsedValue(parseOne({ alias: "x" }))).toMatchObject([{ alias: "x" }]);
  });

  test.each([
    [{ version: "v1" }, "both"],
    [{ alias: undefined }, "neither"],
  ])("refuses %j: %s of version and alias", (changes, received) => {
    expect(problemLines(parseOne(changes))).toEqual([
      `rules[0].version: received ${received} of version and alias, allowed: exactly one of them`,
    ]);
  });

  test.each([
    [{ alias: "latest" }, "rules[0].alias"],
    [{ function: "9" }, "rules[0].function"],
    [{ function: undefined }, "rules[0].function"],
    [{ phase: "scheduled" }, "rules[0].phase"],
    [{ matchType: "regex" }, "rules[0].matchType"],
    [{ onError: "retry" }, "rules[0].onError"],
    [{ enabled: 1 }, "rules[0].enabled"],
    [{ stop: "true" }, "rules[0].stop"],
    [{ extra: 1 }, "rules[0].extra"],
  ])("refuses %j", (changes, path) => {
    expect(problemPaths(parseOne(changes))).toContain(path);
  });
});

describe("parseRules() shape", () => {
  test.each([[null], [{}], ["x"], [undefined]])("refuses %j instead of a list", (input) => {
    expect(problemPaths(parseRules(input))).toEqual(["rules"]);
  });

  test("refuses an entry that is not an object", () => {
    expect(problemLines(parseRules([7]))[0]).toBe("rules[0]: received 7, allowed: an object");
  });

  test("reports the problems of all rules together", () => {
    const paths = problemPaths(
      parseRules([
        { ...base, priority: 0 },
        { ...base, phase: "x" },
        { ...base, stop: 1 },
      ]),
    );
    expect(paths).toEqual(["rules[0].priority", "rules[1].phase", "rules[2].stop"]);
  });
});
