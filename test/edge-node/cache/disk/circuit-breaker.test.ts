import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../../../edge-node/cache/disk/circuit-breaker.ts";
import { diskCacheLimits } from "../../../../sdk/cdn-limits.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const { failuresMax, restMsMin, restMsMax } = diskCacheLimits;

function begin(): { clock: FakeClock; breaker: CircuitBreaker; rests: number[]; fail: (times: number) => void } {
  const clock = new FakeClock();
  const rests: number[] = [];
  const breaker = new CircuitBreaker({ clock, onRest: ({ restMs }) => rests.push(restMs) });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.failed("EIO");
  };
  return { clock, breaker, rests, fail };
}

describe("CircuitBreaker", () => {
  it("rests after as many failures in a row as allowed, and not before", () => {
    const { breaker, rests, fail } = begin();
    fail(failuresMax - 1);
    breaker.succeeded();
    fail(failuresMax - 1);
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(breaker.isClosed).toBe(false);
    expect(rests).toEqual([restMsMin]);
  });

  it("rests twice as long with each failure after a rest, up to the longest", async () => {
    const { clock, breaker, rests, fail } = begin();
    fail(failuresMax);
    for (let time = 0; time < 6; time++) {
      await clock.advance(rests.at(-1) ?? 0);
      expect(breaker.isClosed).toBe(true);
      fail(1);
    }
    expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, restMsMax]);
  });

  it.each(["ENOSPC", "EROFS"])("rests at once after %s, which does not pass by itself", (cause) => {
    const { breaker, rests } = begin();
    breaker.failed(cause);
    expect(rests).toEqual([restMsMin]);
  });

  it("is as new after a success that follows the rest, but not after one within it", async () => {
    const { clock, breaker, rests, fail } = begin();
    fail(failuresMax);
    breaker.succeeded();
    expect(breaker.isClosed).toBe(false);
    await clock.advance(restMsMin);
    breaker.succeeded();
    fail(failuresMax - 1);
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(rests).toEqual([restMsMin, restMsMin]);
  });
});
