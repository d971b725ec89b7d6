import { describe, expect, it } from "vitest";
import { allowsPart, describesSame, isNotModified, validatorsOf } from "../../../edge-node/cache/conditional.ts";

const now = Date.UTC(2026, 10, 22);
const stored = 'etag:"a"\nlast-modified:Sun, 22 Nov 2026 08:00:00 GMT\n';
const at = (time: string): string => `Sun, 22 Nov 2026 ${time} GMT`;

describe("isNotModified()", () => {
  it.each([
    ['if-none-match:"a"\n', stored, true],
    ['if-none-match:W/"a"\n', stored, true],
    ['if-none-match:"b", "a"\n', stored, true],
    ['if-none-match:"b","a"\n', stored, true],
    ['if-none-match:"b"\nif-none-match:"a"\n', stored, true],
    ["if-none-match:*\n", stored, true],
    ["if-none-match:*\n", "", true],
    ['if-none-match:"b"\n', stored, false],
    ['if-none-match:"ab"\n', stored, false],
    ["if-none-match:a\n", stored, false],
    ['if-none-match:"a"\n', "", false],
    ['if-none-match:"x,y"\n', 'etag:"x,y"\n', true],
    ['if-none-match:"a"\n', 'etag:W/"a"\n', true],
    ["if-none-match:a\n", "etag:a\n", true],
    [`if-modified-since:${at("08:00:00")}\n`, stored, true],
    [`if-modified-since:${at("09:00:00")}\n`, stored, true],
    [`if-modified-since:${at("07:59:59")}\n`, stored, false],
    ["if-modified-since:yesterday\n", stored, false],
    [`if-modified-since:${at("09:00:00")}\n`, "", false],
    [`if-modified-since:${at("09:00:00")}\n`, `date:${at("08:00:00")}\n`, true],
    // RFC 9110 §13.2.2: the tag decides.
    [`if-none-match:"b"\nif-modified-since:${at("09:00:00")}\n`, stored, false],
    [`if-none-match:"a"\nif-modified-since:${at("07:00:00")}\n`, stored, true],
    ["", stored, false],
  ])("%j of %j is %s", (asked, headers, expected) => {
    expect(isNotModified(asked, headers, now)).toBe(expected);
  });
});

describe("allowsPart()", () => {
  it.each([
    ["", stored, true],
    ['if-range:"a"\n', stored, true],
    ['if-range:"b"\n', stored, false],
    ['if-range:W/"a"\n', 'etag:W/"a"\n', false],
    [`if-range:${at("08:00:00")}\n`, `${stored}date:${at("08:00:01")}\n`, true],
    [`if-range:${at("08:00:00")}\n`, `${stored}date:${at("08:00:00")}\n`, false],
    [`if-range:${at("08:00:00")}\n`, `${stored}date:${at("07:00:00")}\n`, false],
    [`if-range:${at("08:00:00")}\n`, stored, false],
    [`if-range:${at("09:00:00")}\n`, `${stored}date:${at("10:00:00")}\n`, false],
    ["if-range:yesterday\n", `last-modified:yesterday\ndate:${at("08:00:00")}\n`, false],
    ['if-range:"a"\n', "", false],
    ["if-range:\n", "", false],
  ])("%j of %j is %s", (asked, headers, expected) => {
    expect(allowsPart(asked, headers, now)).toBe(expected);
  });
});

it.each([
  ['etag:"a"\n', 'etag:W/"a"\n', true],
  ['etag:"a"\n', 'etag:"b"\n', false],
  ['etag:"a"\n', "", true],
  ["last-modified:x\n", "last-modified:y\n", false],
  ['etag:"a"\nlast-modified:x\n', 'etag:"a"\nlast-modified:y\n', true],
])("describesSame(%j, %j) is %s", (before, after, expected) => {
  expect(describesSame(before, after)).toBe(expected);
});

it("validatorsOf() asks with both validators, or not at all", () => {
  expect(validatorsOf('etag:"a"\nx:1\nlast-modified:y\n')).toBe('if-none-match:"a"\nif-modified-since:y\n');
  expect(validatorsOf("x:1\n")).toBe("");
});
