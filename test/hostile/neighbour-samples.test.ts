import { describe, expect, it } from "vitest";
import { between, medianOf, summariseNeighbour, type NeighbourSample } from "./neighbour-samples.ts";

function sample(atMs: number, ms: number, failure: string | null = null): NeighbourSample {
  return { atMs, ms, failure };
}

describe("between()", () => {
  it("counts requests by when they were due, not by when they were answered", () => {
    const samples = [sample(9, 100), sample(10, 1), sample(19, 500), sample(20, 1)];
    expect(between(samples, { fromMs: 10, toMs: 20 }).map(({ atMs }) => atMs)).toEqual([10, 19]);
  });
});

describe("summariseNeighbour()", () => {
  it("takes the percentile over failed requests too, and keeps the first failure", () => {
    const samples = [
      ...Array.from({ length: 98 }, (_, index) => sample(index, 1)),
      sample(98, 50, "late"),
      sample(99, 9, "x"),
    ];
    expect(summariseNeighbour(samples)).toEqual({ requests: 100, failures: 2, p99Ms: 9, firstFailure: "late" });
  });

  it("has no percentile of nothing", () => {
    expect(summariseNeighbour([])).toEqual({ requests: 0, failures: 0, p99Ms: null, firstFailure: null });
  });
});

describe("medianOf()", () => {
  it("lets one bad window pass, and forgets no failure", () => {
    const windows = [1, 900, 2].map((p99Ms) => ({ requests: 200, failures: 0, p99Ms, firstFailure: null }));
    const bad = { requests: 200, failures: 1, p99Ms: null, firstFailure: "late" };
    expect(medianOf([...windows, bad])).toEqual({ requests: 800, failures: 1, p99Ms: 2, firstFailure: "late" });
  });
});
