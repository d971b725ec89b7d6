import { describe, expect, it } from "vitest";
import { variantKeyOf, varyNames } from "../../../edge-node/cache/vary.ts";

it.each([
  ["vary:Accept, accept\nvary:B,,\n", ["accept", "b"]],
  ["vary:, *\n", ["*"]],
  ["vary:\nvary:*\n", ["*"]],
  ["x-vary:a\n", []],
])("varyNames(%j)", (headers, expected) => {
  expect(varyNames(headers)).toEqual(expected);
});

/** Whether both requests get one variant of an answer that varies with `name`. */
function sharesVariant(name: string, a: string | null, b: string | null): boolean {
  const headersOf = (value: string | null): string => (value === null ? "" : `${name}:${value}\n`);
  return variantKeyOf("k", [name], headersOf(a)) === variantKeyOf("k", [name], headersOf(b));
}

describe("variantKeyOf()", () => {
  it.each<[string, string | null, string | null, boolean]>([
    ["foo", "1", "1", true],
    ["foo", "1,2", "1 ,  2", true],
    ["foo", "1,2", "2,1", false],
    ["foo", "A", "a", false],
    ["foo", '"a, b"', '"a,b"', false],
    ["foo", "1", "1\nfoo:2", false],
    ["foo", "1, 2", "1\nfoo:2", true],
    ["foo", null, "", false],
    ["foo", null, null, true],
    ["accept-language", "en, de", "EN,De", true],
    ["accept-language", "en, de", "de, en", false],
    ["accept-encoding", "gzip, br", "br,gzip;q=0.5", true],
    ["accept-encoding", "gzip", "x-gzip", true],
    ["accept-encoding", "gzip, br", "gzip", false],
    ["accept-encoding", "gzip, br;q=0", "gzip", true],
    ["accept-encoding", "gzip, br;q=0.000", "gzip, br", false],
    ["accept-encoding", "*, br;q=0", "*", false],
    ["accept-encoding", "identity;q=0, gzip", "gzip", false],
    ["accept-encoding", null, "identity", false],
  ])("%s: %j and %j share: %s", (name, a, b, expected) => {
    expect(sharesVariant(name, a, b)).toBe(expected);
  });

  it("several names cannot be taken for one another", () => {
    expect(variantKeyOf("k", ["a", "b"], "a:1\n")).not.toBe(variantKeyOf("k", ["a", "b"], "b:1\n"));
  });
});
