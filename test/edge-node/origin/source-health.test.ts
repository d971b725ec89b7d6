import { describe, expect, it } from "vitest";
import { SourceHealth } from "../../../edge-node/origin/source-health.ts";

const limits = { healthyAfter: 2, unhealthyAfter: 3 };
/** The longest of the jittered waits. */
const longest = (): number => 0.999_999;

function failing(times: number, at: number): SourceHealth {
  const health = new SourceHealth(longest);
  for (let time = 0; time < times; time++) health.failed(at);
  return health;
}

describe("requests", () => {
  it("put a source aside after three failures in a row, not before and not when a success is among them", () => {
    const health = failing(2, 0);
    expect(health.state(0)).toBe("well");
    health.succeeded();
    health.failed(0);
    health.failed(0);
    expect(health.state(0)).toBe("well");
    health.failed(0);
    expect(health.state(0)).toBe("aside");
    expect(health.admit(0, { onTrial: "yes" })).toBeNull();
  });

  it("find it on trial one at a time once its time is over, and only those that can be repeated", () => {
    const health = failing(3, 0);
    expect(health.state(999)).toBe("aside");
    expect(health.state(1_000)).toBe("trial");
    expect(health.admit(1_000, { onTrial: "no" })).toBeNull();
    expect(health.admit(1_000, { onTrial: "yes" })).toBe("trial");
    expect(health.admit(1_000, { onTrial: "yes" })).toBeNull();
    health.succeeded();
    expect(health.admit(1_000, { onTrial: "no" })).toBe("well");
  });

  it("make its time twice as long with each trial that fails, up to a minute", () => {
    const health = failing(3, 0);
    let now = 0;
    const waits: number[] = [];
    for (let trial = 0; trial < 8; trial++) {
      let wait = 0;
      while (health.state(now + wait) === "aside") wait += 500;
      waits.push(wait);
      now += wait;
      expect(health.admit(now, { onTrial: "yes" })).toBe("trial");
      health.failed(now);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("that were under way when it was put aside do not make its time longer", () => {
    const health = failing(20, 0);
    expect(health.state(1_000)).toBe("trial");
  });

  it("on trial that end without an outcome leave the trial to the next one", () => {
    const health = failing(3, 0);
    expect(health.admit(1_000, { onTrial: "yes" })).toBe("trial");
    health.abandoned();
    expect(health.admit(1_000, { onTrial: "yes" })).toBe("trial");
  });
});

describe("health checks", () => {
  it("make a source ill and well again after as many in a row as configured", () => {
    const health = new SourceHealth(longest);
    const states = [false, false, true, false, false, false, true, false, true, true].map((isWell) => {
      health.checked(isWell, limits);
      return health.state(0);
    });
    expect(states).toEqual(["well", "well", "well", "well", "well", "ill", "ill", "ill", "ill", "well"]);
  });

  it("and requests judge apart from each other", () => {
    const health = failing(3, 0);
    for (let check = 0; check < 3; check++) health.checked(false, limits);
    health.succeeded();
    expect(health.state(0)).toBe("ill");
    health.unchecked();
    expect(health.state(0)).toBe("well");
  });
});
