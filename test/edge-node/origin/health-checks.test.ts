import { expect, it } from "vitest";
import { HealthChecks, type HealthCheckPlan } from "../../../edge-node/origin/health-checks.ts";
import { originLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

function plans(count: number, check: HealthCheckPlan["check"]): Map<string, HealthCheckPlan> {
  const plan = { signature: "", intervalMs: 10_000, check };
  return new Map(Array.from({ length: count }, (_, index) => [`${index}`, plan]));
}

it("checks begin at a random time and go on with jitter", async () => {
  const clock = new FakeClock();
  const random = [0.25, 0.75, 0, 1];
  let checks = 0;
  const running = new HealthChecks({ clock, random: () => random.shift() ?? 0.5 });
  running.keep(
    plans(2, () => {
      checks++;
      return Promise.resolve();
    }),
  );
  expect(clock.waits).toEqual([2_500, 7_500]);
  await clock.advance(2_500);
  expect(clock.waits).toEqual([5_000, 9_000]);
  await clock.advance(5_000);
  expect(clock.waits).toEqual([4_000, 11_000]);
  expect(checks).toBe(2);
});

it("only so many checks run at once, and only so many sources are checked", async () => {
  const clock = new FakeClock();
  let atOnce = 0;
  const running = new HealthChecks({ clock, random: () => 0.5 });
  running.keep(
    plans(originLimits.checkedSourcesMax + 5, () => {
      atOnce++;
      return new Promise(() => {});
    }),
  );
  expect(running.size).toBe(originLimits.checkedSourcesMax);
  await clock.advance(5_000);
  expect(atOnce).toBe(originLimits.checksAtOnceMax);
});

it("a check under way is ended with its source, and nothing follows", async () => {
  const clock = new FakeClock();
  const signals: AbortSignal[] = [];
  const running = new HealthChecks({ clock, random: () => 0.5 });
  running.keep(
    plans(1, (signal) => {
      signals.push(signal);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    }),
  );
  await clock.advance(5_000);
  running.keep(new Map());
  await settle();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect(clock.waits).toEqual([]);
});
