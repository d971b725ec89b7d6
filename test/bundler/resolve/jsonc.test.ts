import { describe, expect, it } from "vitest";
import { parseJsonc } from "../../../bundler/resolve/jsonc.ts";

describe("parseJsonc()", () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['\uFEFF{ // one\n "a": [1, 2,], /* two */ }', { a: [1, 2] }],
    ['{"a":"// no /* comment */ ,}","b":"\\"//"}', { a: "// no /* comment */ ,}", b: '"//' }],
    ["[1,/**/]", [1]],
  ])("reads %j", (text, expected) => {
    expect(parseJsonc(text)).toEqual(expected);
  });

  it.each(["", "{", '{"a":1 "b":2}', "/* open", '"open'])("refuses %j", (text) => {
    expect(() => parseJsonc(text)).toThrow(SyntaxError);
  });

  it("is linear in comments that do not end", () => {
    expect(() => parseJsonc("/*".repeat(500_000))).toThrow(SyntaxError);
  });
});
