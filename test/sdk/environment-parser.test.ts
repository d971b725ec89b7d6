/** Claims about environments: keys, sizes at the limit and one beyond, and that no secret shows in a problem. */
import { describe, expect, test } from "vitest";
import { environmentProblems, parseEnvironment } from "../../sdk/environment-parser.ts";
import { parsedValue, problemLines, problemPaths } from "./expect-problems.ts";

function keys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`K${index}`, "v"]));
}

describe("parseEnvironment()", () => {
  test("takes absent groups as empty", () => {
    expect(parsedValue(parseEnvironment({}))).toEqual({ variables: {}, secrets: {} });
  });

  test("keeps null for a stored secret", () => {
    const input = { variables: { A: "1" }, secrets: { B: "2", C: null } };
    expect(parsedValue(parseEnvironment(input))).toEqual(input);
  });

  test.each(["a", "A_1", "RUNTIME", "runtime_x"])("accepts the key %s", (key) => {
    expect(parseEnvironment({ variables: { [key]: "" } }).ok).toBe(true);
  });

  test.each(["", "1A", "_A", "A-B", "A.B", "Ä", "RUNTIME_CPU", "RUNTIME_", "__proto__"])(
    "refuses the key %j",
    (key) => {
      const variables = JSON.parse(`{${JSON.stringify(key)}: "x"}`) as unknown;
      expect(problemPaths(parseEnvironment({ variables }))).toEqual([`variables.${key}`]);
    },
  );

  test("accepts 20 keys over both groups and refuses the 21st", () => {
    expect(parseEnvironment({ variables: keys(19), secrets: { S: "x" } }).ok).toBe(true);
    expect(problemLines(parseEnvironment({ variables: keys(20), secrets: { S: "x" } }))).toEqual([
      "environment: received 21 keys, allowed: at most 20",
    ]);
  });

  test("accepts 4096 characters of keys and values and refuses one more", () => {
    expect(parseEnvironment({ variables: { AB: "x".repeat(4_000) }, secrets: { C: "x".repeat(93) } }).ok).toBe(true);
    expect(
      problemLines(parseEnvironment({ variables: { AB: "x".repeat(4_000) }, secrets: { C: "x".repeat(94) } })),
    ).toEqual(["environment: received 4097 characters in keys and values, allowed: at most 4096"]);
  });

  test("refuses a key in both groups", () => {
    expect(problemPaths(parseEnvironment({ variables: { A: "1" }, secrets: { A: "2" } }))).toEqual(["secrets.A"]);
  });

  test("never shows a secret's value", () => {
    const lines = problemLines(parseEnvironment({ secrets: { A: ["HUNTER2"], RUNTIME_B: "HUNTER2" } }));
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain("HUNTER2");
  });

  test.each([
    [{ variables: { A: 1 } }, "variables.A"],
    [{ variables: { A: null } }, "variables.A"],
    [{ variables: [] }, "variables"],
    [{ secrets: "x" }, "secrets"],
    [{ secret: {} }, "secret"],
    [null, "input"],
  ])("refuses %j", (input, path) => {
    expect(problemPaths(parseEnvironment(input))).toEqual([path]);
  });
});

test("environmentProblems() counts keys and characters of a merged environment", () => {
  expect(environmentProblems(keys(20))).toEqual([]);
  expect(environmentProblems(keys(21))).toHaveLength(1);
  expect(environmentProblems({ A: "x".repeat(4_096) })).toHaveLength(1);
});
