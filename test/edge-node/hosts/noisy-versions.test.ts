import { describe, expect, it } from "vitest";
import { NoisyVersions, noisyTimes } from "../../../edge-node/hosts/noisy-versions.ts";

const { strikes, strikesMs, oneStrikeMs, goodAnswersMax, staysMsMin, staysMsMax } = noisyTimes;

/** Strikes of one version, each so many milliseconds after the one before; says which made it noisy. */
function check(gapsMs: readonly number[], served: (strike: number) => number = () => 0): readonly boolean[] {
  const versions = new NoisyVersions();
  let nowMs = 0;
  return gapsMs.map((gapMs, index) => {
    nowMs += gapMs;
    return versions.strike("a", { nowMs, served: served(index) });
  });
}

/** The last of the strikes that make `versions` see `key` as noisy. */
function makeNoisy(versions: NoisyVersions, key: string, fromMs: number): number {
  for (let strike = 0; strike < strikes; strike += 1) {
    versions.strike(key, { nowMs: fromMs + strike * 1_000, served: 0 });
  }
  return fromMs + (strikes - 1) * 1_000;
}

describe("NoisyVersions", () => {
  it("a version that passes its limits several times in a row is noisy, and becomes so once", () => {
    expect(check([0, 1_000, 1_000, 1_000])).toEqual([false, false, true, false]);
  });

  it("what one stopped instance fails is one strike", () => {
    expect(check([0, 1, 1, 1, oneStrikeMs - 4])).toEqual([false, false, false, false, false]);
  });

  it("strikes that lie far apart are none in a row", () => {
    expect(check([0, 1_000, strikesMs + 1, 1_000])).toEqual([false, false, false, false]);
  });

  it("a version that serves many others well between its bad requests is not noisy", () => {
    expect(check([0, 1_000, 1_000, 1_000], (strike) => strike * (goodAnswersMax + 1))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it("is back when it has been quiet for its time; each strike begins it anew, and the next time is twice as long", () => {
    const versions = new NoisyVersions();
    const lastMs = makeNoisy(versions, "a", 0) + 5_000;
    versions.strike("a", { nowMs: lastMs, served: 0 });
    expect(versions.release(lastMs + staysMsMin - 1)).toEqual([]);
    expect(versions.untilMs("a")).toBe(lastMs + staysMsMin);
    expect(versions.release(lastMs + staysMsMin)).toEqual(["a"]);
    expect(versions.untilMs("a")).toBeNull();
    const againMs = makeNoisy(versions, "a", lastMs + staysMsMin);
    expect(versions.untilMs("a")).toBe(againMs + 2 * staysMsMin);
  });

  it("never stays longer than the longest time, and a version that is gone is forgotten", () => {
    const versions = new NoisyVersions();
    let nowMs = 0;
    for (let time = 0; time < 12; time += 1) {
      nowMs = makeNoisy(versions, "a", nowMs);
      const untilMs = versions.untilMs("a") ?? 0;
      expect(untilMs - nowMs).toBeLessThanOrEqual(staysMsMax);
      versions.release(untilMs);
      nowMs = untilMs;
    }
    makeNoisy(versions, "a", nowMs);
    versions.forget("a");
    expect(versions.untilMs("a")).toBeNull();
    expect(makeNoisy(versions, "a", nowMs) + staysMsMin).toBe(versions.untilMs("a"));
  });
});
