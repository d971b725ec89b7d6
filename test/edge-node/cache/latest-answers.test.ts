import { expect, it } from "vitest";
import { LatestAnswers } from "../../../edge-node/cache/latest-answers.ts";
import { diskTierLimits } from "../../../sdk/cdn-limits.ts";

it("knows what was asked for later, unless the clock was set back since", () => {
  const latest = new LatestAnswers();
  latest.note("a", 10);
  expect(latest.hasNewer("a", { requestedAt: 9, now: 20 })).toBe(true);
  expect(latest.hasNewer("a", { requestedAt: 10, now: 20 })).toBe(false);
  expect(latest.hasNewer("a", { requestedAt: 5, now: 9 })).toBe(false);
  expect(latest.hasNewer("b", { requestedAt: 9, now: 20 })).toBe(false);
});

it("forgets what was written longest ago", () => {
  const latest = new LatestAnswers();
  for (let at = 0; at <= diskTierLimits.latestMax; at += 1) latest.note(`key-${at}`, 10);
  expect(latest.hasNewer("key-0", { requestedAt: 9, now: 20 })).toBe(false);
  expect(latest.hasNewer("key-1", { requestedAt: 9, now: 20 })).toBe(true);
});
