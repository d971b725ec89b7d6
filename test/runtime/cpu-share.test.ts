import { describe, expect, it } from "vitest";
import { shareCpu } from "../../runtime/isolates/cpu-share.ts";

describe("shareCpu()", () => {
  it.each<[string, readonly number[], number, readonly number[]]>([
    ["nobody claims", [], 10, []],
    ["claims that fit are met in full", [3, 1, 4], 10, [3, 1, 4]],
    ["large claims share evenly what small ones leave", [100, 1, 100], 11, [5, 1, 5]],
    ["one looping isolate among idle ones is charged all it used", [5, 0, 0, 0], 5, [5, 0, 0, 0]],
    [
      "twenty isolates on one core get a twentieth each",
      Array.from({ length: 20 }, () => 5),
      5,
      Array.from({ length: 20 }, () => 0.25),
    ],
    ["a claim below zero counts as none", [-2, 4], 3, [0, 3]],
    ["no time to share", [1, 2], -1, [0, 0]],
  ])("%s", (_name, claims, available, granted) => {
    const shared = shareCpu(claims, available);
    expect(shared.map((ms) => Math.round(ms * 1_000) / 1_000)).toEqual(granted);
  });
});
