import { describe, expect, it } from "vitest";
import { RestartBudget } from "../../../edge-node/hosts/restart-budget.ts";

describe("RestartBudget", () => {
  it("some starts may follow each other at once, then no more than the share of a core allows", () => {
    const budget = new RestartBudget({ share: 0.5, nowMs: 0 });
    const waits = Array.from({ length: 9 }, () => budget.take(0));
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 500]);
    expect(budget.take(499)).toBeGreaterThan(0);
    expect(budget.take(500)).toBe(0);
  });

  it("a host that always dies takes one core's share and no more, over any time", () => {
    const budget = new RestartBudget({ share: 1, nowMs: 0 });
    let startsMs = 0;
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 10) {
      if (budget.take(nowMs) === 0) startsMs += 250;
    }
    expect(startsMs).toBeLessThanOrEqual(60_000 + 2_000);
    expect(startsMs).toBeGreaterThan(55_000);
  });

  it("what starts really take is what they cost", () => {
    const budget = new RestartBudget({ share: 1, nowMs: 0 });
    for (let times = 0; times < 50; times += 1) budget.took(1_000);
    expect([budget.take(0), budget.take(0)]).toEqual([0, 0]);
    expect(budget.take(0)).toBeGreaterThan(900);
  });

  it("a start that takes longer than all that is stored is allowed when the store is full", () => {
    const budget = new RestartBudget({ share: 1, nowMs: 0 });
    for (let times = 0; times < 50; times += 1) budget.took(60_000);
    expect(budget.take(0)).toBe(0);
    expect(budget.take(2_000)).toBe(0);
  });
});
