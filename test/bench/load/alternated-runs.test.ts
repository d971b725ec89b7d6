/** Ratios are of pairs of one round, and what did not run has none. */
import { describe, expect, it } from "vitest";
import { describeRuns, failuresOf, rateRatio, type AlternatedRun } from "../../../bench/load/alternated-runs.ts";

function runOf(target: string, requestsPerSecond: number, failures = 0): AlternatedRun {
  return { target, load: "small", requests: 10, requestsPerSecond, failures, latencyMs: { p50: 1, p99: 2 } };
}

const pair = { target: "ours", peer: "theirs", load: "small" };

describe("rateRatio()", () => {
  it("is the median of the ratios of each round, not the ratio of medians", () => {
    const runs = [runOf("ours", 10), runOf("theirs", 10), runOf("theirs", 50), runOf("ours", 100)];
    const third = [runOf("ours", 30), runOf("theirs", 20)];
    expect(rateRatio([...runs, ...third], pair)).toBe(1.5);
  });

  it("is undefined for a target that did not run, or not in every round", () => {
    expect(rateRatio([runOf("theirs", 1)], pair)).toBeUndefined();
    expect(rateRatio([runOf("ours", 1)], pair)).toBeUndefined();
    expect(rateRatio([runOf("ours", 1), runOf("ours", 1), runOf("theirs", 1)], pair)).toBeUndefined();
  });
});

describe("describeRuns()", () => {
  it("tells failures only where there were any", () => {
    const names = describeRuns([runOf("ours", 1), runOf("theirs", 1, 3)]).map(({ name, value }) => [name, value]);
    expect(names).toEqual([
      ["ours, small", 1],
      ["ours, small, p99", 2],
      ["theirs, small", 1],
      ["theirs, small, p99", 2],
      ["theirs, small, failed requests", 3],
    ]);
  });
});

it("failuresOf() adds up one target's failures", () => {
  expect(failuresOf([runOf("ours", 1, 2), runOf("ours", 1, 3), runOf("theirs", 1, 9)], "ours")).toBe(5);
});
