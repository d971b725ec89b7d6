import { describe, expect, it } from "vitest";
import { KillPlan, killTargets, type Kill } from "../../../bench/chaos/kill-plan.ts";

function kills(seed: number, count: number): readonly Kill[] {
  const plan = new KillPlan(seed);
  return Array.from({ length: count }, () => plan.next());
}

describe("KillPlan", () => {
  it("is the same for the same seed and another for another", () => {
    expect(kills(7, 50)).toEqual(kills(7, 50));
    expect(kills(7, 50)).not.toEqual(kills(8, 50));
  });

  it("comes to everything that can be killed, within its pauses", () => {
    const all = kills(4_294_967_295, 500);
    expect(new Set(all.map(({ target }) => target))).toEqual(new Set(killTargets));
    expect(all.every(({ afterMs }) => afterMs >= 300 && afterMs <= 2_000)).toBe(true);
    expect(all.every(({ which }) => which >= 0 && which < 1)).toBe(true);
  });
});
