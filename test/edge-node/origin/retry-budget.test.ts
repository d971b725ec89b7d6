import { expect, it } from "vitest";
import { RetryBudget } from "../../../edge-node/origin/retry-budget.ts";
import { FakeClock } from "../support/fake-clock.ts";

function take(budget: RetryBudget, times: number): number {
  return Array.from({ length: times }, () => budget.take()).filter(Boolean).length;
}

it("ten retries are there for a quiet domain", () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(clock);
  budget.countRequest(clock.monotonicMs());
  expect(take(budget, 100)).toBe(10);
});

it("a busy domain has a fifth of its requests", () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(clock);
  for (let request = 0; request < 1_000; request++) budget.countRequest(clock.monotonicMs());
  expect(take(budget, 1_000)).toBe(200);
});

it("what was not used lasts for one more window, what was used comes back with the next", async () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(clock);
  for (let request = 0; request < 1_000; request++) budget.countRequest(clock.monotonicMs());
  expect(take(budget, 1_000)).toBe(200);
  await clock.advance(10_000);
  expect(take(budget, 1_000)).toBe(200);
  await clock.advance(10_000);
  expect(take(budget, 1_000)).toBe(10);
  for (let request = 0; request < 1_000; request++) budget.countRequest(clock.monotonicMs());
  await clock.advance(25_000);
  expect(take(budget, 1_000)).toBe(10);
});
