/** Claims about the grammar of function, version and alias names, at each limit and one beyond. */
import { describe, expect, test } from "vitest";
import {
  parseAliasName,
  parseFunctionName,
  parseVersionName,
  refuseVersionReference,
} from "../../sdk/function-name.ts";
import { problemLines, problemPaths } from "./expect-problems.ts";

describe("parseFunctionName()", () => {
  test.each(["a", "Z9", "a-b", "a_b", "a__--9", "a".repeat(60)])("accepts %s", (name) => {
    expect(parseFunctionName(name)).toEqual({ ok: true, value: name });
  });

  test.each(["", "9a", "_a", "-a", "a-", "a_", "a.b", "a b", "ä", "a\n", "a".repeat(61), null, 7, ["a"]])(
    "refuses %j",
    (name) => {
      expect(problemPaths(parseFunctionName(name))).toEqual(["name"]);
    },
  );

  test("says what it received and what is allowed", () => {
    expect(problemLines(parseFunctionName("9a"))).toEqual([
      'name: received "9a", allowed: 1..60 letters, digits, "_" and "-", first a letter, last a letter or digit',
    ]);
  });
});

describe("parseVersionName()", () => {
  test.each(["1", "v1.2.3-rc_1", "v20261122-101010-2", "a.", "a".repeat(42)])("accepts %s", (name) => {
    expect(parseVersionName(name)).toEqual({ ok: true, value: name });
  });

  test.each(["", ".a", "-a", "_a", "a/b", "a b", "latest", "a".repeat(43), undefined, 1])("refuses %j", (name) => {
    expect(problemPaths(parseVersionName(name))).toEqual(["version"]);
  });
});

describe("parseAliasName()", () => {
  test.each(["prod", "1", "a".repeat(63)])("accepts %s", (name) => {
    expect(parseAliasName(name)).toEqual({ ok: true, value: name });
  });

  test.each(["", "latest", "!prod", "a:b", "a".repeat(64)])("refuses %j", (name) => {
    expect(problemPaths(parseAliasName(name))).toEqual(["alias"]);
  });
});

test("refuseVersionReference() allows latest where a version is referred to", () => {
  expect(refuseVersionReference("latest")).toBeNull();
  expect(refuseVersionReference("v1")).toBeNull();
  expect(refuseVersionReference("")).not.toBeNull();
});
