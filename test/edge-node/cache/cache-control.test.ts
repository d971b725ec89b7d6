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
