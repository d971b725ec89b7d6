import { describe, expect, test } from "vitest";
import { domainKeys, refusedDomainKeys } from "../../sdk/domain-keys.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import type { KeyDescription, KeyShape } from "../../sdk/key-description.ts";
import { problemLines } from "./expect-problems.ts";

function all(keys: readonly KeyDescription[]): readonly KeyDescription[] {
  return keys.flatMap((key) => [key, ...all(nested(key.shape))]);
}
function nested(shape: KeyShape): readonly KeyDescription[] {
  if (shape.kind === "object") return shape.keys;
  return shape.kind === "list" ? nested(shape.item) : [];
}

describe("domainKeys()", () => {
  test("says of every key what it means and takes", () => {
    const described = all(domainKeys());
    expect(described.length).toBeGreaterThan(100);
    expect(described.filter(({ meaning, allowed }) => !meaning.endsWith(".") || allowed === "")).toEqual([]);
  });

  test("names the keys that the parser names", () => {
    const [line = ""] = problemLines(parseDomain({ nonsense: 1 }, "www.example.com"));
    for (const { key } of domainKeys()) expect(line).toContain(key);
  });

  test("has defaults that the parser fills in", () => {
    const filled = domainKeys().filter(
      ({ presence, default: standard }) => presence === "filled" && standard !== undefined,
    );
    const standards = Object.fromEntries(filled.map(({ key, default: standard }) => [key, standard]));
    expect(parseDomain({}, "www.example.com")).toMatchObject({ value: standards });
  });
});

describe("a key of the original API that is not kept here", () => {
  test.each(Object.keys(refusedDomainKeys()))("%s is refused with what to do instead", (key) => {
    const lines = problemLines(parseDomain({ [key]: {} }, "www.example.com"));
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${key}: is not kept here: .{20,}`))]);
  });

  test.each(["constructor", "__proto__", "toString"])("%s is no key", (key) => {
    const input = JSON.parse(`{"${key}":1}`) as unknown;
    expect(problemLines(parseDomain(input, "www.example.com"))).toEqual([expect.stringContaining("is not a key")]);
  });
});
