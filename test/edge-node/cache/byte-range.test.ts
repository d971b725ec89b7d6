import { describe, expect, it } from "vitest";
import { isFromStart, readRange } from "../../../edge-node/cache/byte-range.ts";

function read(field: string, bytes = 10): string {
  const verdict = readRange(field, bytes);
  if (verdict.kind === "part") return `${verdict.range.from}..${verdict.range.to}`;
  return verdict.kind === "parts" ? verdict.ranges.map(({ from, to }) => `${from}..${to}`).join(" ") : verdict.kind;
}

describe("readRange() of 10 bytes", () => {
  it.each([
    ["bytes=0-1", "0..2"],
    ["bytes=2-", "2..10"],
    ["bytes=-3", "7..10"],
    ["bytes=-99", "0..10"],
    ["bytes=5-99", "5..10"],
    ["Bytes= 5-6 ", "5..7"],
    ["bytes=9-9", "9..10"],
    ["bytes=20-, 1-2", "1..3"],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=99999999999999999999-", "unsatisfiable"],
    ["bytes=0-99999999999999999999", "0..10"],
    ["bytes=1-2,4-5", "1..3 4..6"],
    ["bytes=0-0, -1", "0..1 9..10"],
    ["bytes=0-0,2-2,4-4,6-6,8-", "0..1 2..3 4..5 6..7 8..10"],
    ["bytes=1-2,20-,4-5", "1..3 4..6"],
    ["bytes=1-2,3-5", "1..6"],
    ["bytes=1-4,2-3", "1..5"],
    ["bytes=1-4,3-6,8-8", "1..7 8..9"],
    ["bytes=0-,0-,0-", "0..10"],
    ["bytes=0-4,0-5,0-6", "0..7"],
    ["bytes=-2,0-1", "whole"],
    ["bytes=4-5,1-2", "whole"],
    ["bytes=1-2,4-5,0-0", "whole"],
    [`bytes=${Array.from({ length: 17 }, (_, index) => `${index}-${index}`).join()}`, "whole"],
    ["bytes=3-2", "whole"],
    ["bytes=0-1,3-2", "whole"],
    ["bytes=", "whole"],
    ["bytes=-", "whole"],
    ["bytes=a-b", "whole"],
    ["bytes=1-2;q=1", "whole"],
    ["items=0-1", "whole"],
    [`bytes=${"0-0,".repeat(50)}1-1`, "whole"],
    ["", "whole"],
  ])("%j is %s", (field, expected) => {
    expect(read(field)).toBe(expected);
  });

  it("a body without a byte has no part", () => {
    expect(read("bytes=0-", 0)).toBe("unsatisfiable");
    expect(read("bytes=-1", 0)).toBe("unsatisfiable");
  });
});

it.each([
  ["bytes=0-", true],
  ["bytes=00-", true],
  ["bytes=0-1", false],
  ["bytes=1-", false],
])("isFromStart(%j) is %s", (field, expected) => {
  expect(isFromStart(field)).toBe(expected);
});
