import { describe, expect, it } from "vitest";
import {
  planReserved,
  shareOf,
  type PlanOptions,
  type ReservedVersion,
} from "../../../edge-node/reserved/plan-reserved.ts";
import { reservedLimits } from "../../../sdk/reserved-limits.ts";
import type { ReservedPolicy } from "../../../sdk/reserved.ts";

const policy = (changes: Partial<ReservedPolicy> = {}): ReservedPolicy => ({
  count: 4,
  schedules: [],
  metric: null,
  recommended: null,
  ...changes,
});
const version = (changes: Partial<ReservedVersion> = {}): ReservedVersion => ({
  key: `${changes.function ?? "hello"}@v1#1`,
  function: "hello",
  version: "v1",
  limits: { memoryMiB: 128, concurrency: 1, instancesMax: 16 },
  policies: [policy()],
  ...changes,
});
const options = (changes: Partial<PlanOptions> = {}): PlanOptions => ({
  front: { index: 0, fronts: 1 },
  memoryMiB: 4_096,
  nowMs: 0,
  uses: () => [],
  ...changes,
});

/** What each front keeps of each version. */
function keptOver(
  fronts: number,
  versions: readonly ReservedVersion[],
  changes: Partial<PlanOptions> = {},
): number[][] {
  return Array.from({ length: fronts }, (_, index) => {
    const plan = planReserved(versions, options({ ...changes, front: { index, fronts } }));
    return versions.map(({ key }) => plan.get(key)?.kept ?? 0);
  });
}
const sums = (kept: readonly (readonly number[])[]): number[] =>
  (kept[0] ?? []).map((_, index) => kept.reduce((sum, front) => sum + (front[index] ?? 0), 0));
const busy = (concurrency: number) => () => [{ ageMinutes: 1, concurrency }];

it("shareOf() deals out all of a number, as evenly as can be", () => {
  for (const count of [0, 1, 3, 4, 5, 100]) {
    const shares = [0, 1, 2].map((index) => shareOf(count, { index, fronts: 3 }));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  }
});

describe("planReserved()", () => {
  it("keeps what is guaranteed once on the node, however many fronts it has", () => {
    for (const fronts of [1, 2, 3, 4, 7]) expect(sums(keptOver(fronts, [version()]))).toEqual([4]);
  });

  it("does not begin with the same front for every function", () => {
    const versions = ["a", "b", "c", "d"].map((name) =>
      version({ function: name, key: `${name}@v1#1`, policies: [policy({ count: 1 })] }),
    );
    const perFront = keptOver(4, versions).map((kept) => kept.reduce((sum, count) => sum + count, 0));
    expect(perFront).toEqual([1, 1, 1, 1]);
  });

  it("takes the largest of several reservations of a version, not their sum", () => {
    const policies = [policy({ count: 2 }), policy({ count: 7 }), policy({ count: 3 })];
    expect(sums(keptOver(2, [version({ policies })]))).toEqual([7]);
  });

  it("holds the version's own limit in each front, and says what is wanted within it", () => {
    const limits = { memoryMiB: 8, concurrency: 1, instancesMax: 3 };
    const plan = planReserved([version({ limits, policies: [policy({ count: 10 })] })], options());
    expect([...plan.values()]).toEqual([{ wanted: 3, kept: 3 }]);
  });

  it("adds what a front's own load asks for beyond its share, and shares the upper bound out", () => {
    const metric = { name: "m", targetPercent: 50, min: 2, max: 10 };
    const adaptive = version({ policies: [policy({ count: 0, metric })] });
    expect(keptOver(2, [adaptive])).toEqual([[1], [1]]);
    expect(keptOver(2, [adaptive], { uses: busy(1.5) })).toEqual([[3], [3]]);
    expect(keptOver(2, [adaptive], { uses: busy(1_000) })).toEqual([[5], [5]]);
  });

  it("never keeps more than the node's memory, and deals what is there out in turn", () => {
    const greedy = version({
      function: "greedy",
      policies: [policy({ count: 1_000 })],
      limits: { memoryMiB: 128, concurrency: 1, instancesMax: 1_000 },
    });
    const small = version({ function: "small", policies: [policy({ count: 2 })] });
    for (const fronts of [1, 2, 3]) {
      const [many, few] = sums(keptOver(fronts, [greedy, small], { memoryMiB: 1_024 }));
      expect([many, few]).toEqual([6, 2]);
    }
    expect(planReserved([greedy], options({ memoryMiB: 1_024 })).get(greedy.key)).toEqual({ wanted: 1_000, kept: 8 });
  });

  it.each([
    [0, 0],
    [127, 0],
    [128, 1],
    [511, 3],
    [512, 4],
    [513, 4],
  ])("with %d MiB of memory keeps %d of four instances of 128 MiB", (memoryMiB, kept) => {
    expect(sums(keptOver(2, [version()], { memoryMiB }))).toEqual([kept]);
  });

  it("keeps no more instances in a front than it may have, however small they are", () => {
    const { instancesPerFrontMax } = reservedLimits;
    const many = ["a", "b"].map((name) =>
      version({
        function: name,
        limits: { memoryMiB: 8, concurrency: 1, instancesMax: 1_000 },
        policies: [policy({ count: 1_000 })],
      }),
    );
    for (const fronts of [1, 2, 3]) {
      const kept = keptOver(fronts, many, { memoryMiB: 1_048_576 });
      const perFront = kept.map((counts) => counts.reduce((sum, count) => sum + count, 0));
      expect(Math.max(...perFront)).toBe(Math.min(instancesPerFrontMax, Math.max(...perFront)));
      expect(perFront.reduce((sum, count) => sum + count, 0)).toBe(Math.min(2_000, fronts * instancesPerFrontMax));
    }
  });

  it("gives what adapts only what the guaranteed ones leave", () => {
    const metric = { name: "m", targetPercent: 50, min: 0, max: 16 };
    const adaptive = version({ function: "a", policies: [policy({ count: 0, metric })] });
    const plain = version({ function: "z" });
    const plan = planReserved([adaptive, plain], options({ memoryMiB: 6 * 128, uses: busy(8) }));
    expect([plan.get(adaptive.key), plan.get(plain.key)]).toEqual([
      { wanted: 16, kept: 2 },
      { wanted: 4, kept: 4 },
    ]);
    const tight = planReserved([adaptive, plain], options({ memoryMiB: 4 * 128, uses: busy(8) }));
    expect([tight.get(adaptive.key)?.kept, tight.get(plain.key)?.kept]).toEqual([0, 4]);
  });

  it("never keeps more than the node's memory over all fronts when everything adapts", () => {
    const recommended = { mode: "performance", min: 1, max: 100 } as const;
    const versions = ["a", "b", "c"].map((name) =>
      version({
        function: name,
        key: `${name}@v1#1`,
        limits: { memoryMiB: 64, concurrency: 1, instancesMax: 100 },
        policies: [policy({ recommended })],
      }),
    );
    for (const fronts of [1, 2, 5]) {
      const kept = sums(keptOver(fronts, versions, { memoryMiB: 2_000, uses: busy(50) }));
      expect(kept.reduce((sum, count) => sum + count * 64, 0)).toBeLessThanOrEqual(2_000);
      expect(Math.min(...kept)).toBeGreaterThanOrEqual(4);
    }
  });

  it("follows the schedule of the moment", () => {
    const schedules = [
      { name: "day", cron: "0 0 8 * * ?", count: 9, start: "2026-12-01T00:00:00Z", expiry: "2026-12-02T00:00:00Z" },
    ];
    const scheduled = version({ policies: [policy({ schedules })] });
    const kept = ["2026-12-01T07:59:59Z", "2026-12-01T08:00:00Z", "2026-12-02T00:00:00Z"].map((time) =>
      keptOver(2, [scheduled], { nowMs: Date.parse(time) }),
    );
    expect(kept.map(sums)).toEqual([[4], [9], [4]]);
  });
});
