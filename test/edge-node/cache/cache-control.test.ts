import { describe, expect, it } from "vitest";
import { parseCacheControl, splitDirectives } from "../../../edge-node/cache/cache-control.ts";

describe("splitDirectives()", () => {
  it.each<[string, [string, string][]]>([
    ["", []],
    [" , ,", []],
    ["No-Store", [["no-store", ""]]],
    [
      "max-age=5,s-maxage = 7 ",
      [
        ["max-age", "5"],
        ["s-maxage", "7"],
      ],
    ],
    ["max-age=1=2", [["max-age", "1=2"]]],
    [
      "max-age 5, public;x",
      [
        ["max-age", ""],
        ["public", ""],
      ],
    ],
    ["@@public", [["public", ""]]],
    [
      'private="a, b", no-store',
      [
        ["private", "a, b"],
        ["no-store", ""],
      ],
    ],
    ['max-age="5"', [["max-age", "5"]]],
  ])("%j", (text, directives) => {
    expect(splitDirectives(text)).toEqual(directives);
  });
});

describe("where a comma is missing the words count that forbid something:", () => {
  it.each<[string, [string, string][]]>([
    [
      "public private, max-age=60",
      [
        ["private", ""],
        ["max-age", "60"],
      ],
    ],
    [
      "max-age=60 Private",
      [
        ["max-age", "60 Private"],
        ["private", ""],
      ],
    ],
    [
      "no-cache;no-store",
      [
        ["no-cache", ""],
        ["no-store", ""],
      ],
    ],
    ["public\tmust-revalidate", [["proxy-revalidate", ""]]],
    [
      "private=a no-store",
      [
        ["private", ""],
        ["no-store", ""],
      ],
    ],
    [
      'private="a, b" no-store',
      [
        ["private", ""],
        ["no-store", ""],
      ],
    ],
    [
      'public no-store, private="a"',
      [
        ["no-store", ""],
        ["private", "a"],
      ],
    ],
    ["public max-age=60", [["public", ""]]],
    ['x="private no-store"', [["x", "private no-store"]]],
    ["max-age\t= 5 ", [["max-age", "5"]]],
  ])("%j", (text, directives) => {
    expect(splitDirectives(text)).toEqual(directives);
  });
});

describe("a directive that comes twice", () => {
  it.each([
    ["max-age=5, max-age=3", { maxAgeSeconds: 3 }],
    ["s-maxage=5, s-maxage=no", { sharedMaxAgeSeconds: 0 }],
    ["private=a, private", { private: true, excludedFields: [] }],
    ["private=a, no-cache=b, private=c", { private: false, noCache: false, excludedFields: ["b", "a", "c"] }],
  ])("makes the answer less cacheable: %s", (text, expected) => {
    expect(parseCacheControl([text])).toMatchObject(expected);
  });
});
