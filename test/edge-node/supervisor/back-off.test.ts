import { describe, expect, it } from "vitest";
import { BackOff } from "../../../edge-node/supervisor/back-off.ts";

describe("BackOff", () => {
  it("doubles its ceiling up to the maximum and jitters within its upper half", () => {
    const longest = new BackOff({ minMs: 100, maxMs: 500, random: () => 0.999_999 });
    expect([1, 2, 3, 4, 5].map(() => longest.nextMs())).toEqual([100, 200, 400, 500, 500]);
    const shortest = new BackOff({ minMs: 100, maxMs: 500, random: () => 0 });
    expect([1, 2, 3, 4, 5].map(() => shortest.nextMs())).toEqual([50, 100, 200, 250, 250]);
  });

  it("reset() makes the next wait short again", () => {
    const backOff = new BackOff({ minMs: 100, maxMs: 10_000, random: () => 0 });
    for (let attempt = 0; attempt < 5; attempt++) backOff.nextMs();
    backOff.reset();
    expect(backOff.nextMs()).toBe(50);
  });
});
