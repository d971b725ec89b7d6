import { describe, expect, it } from "vitest";
import { wholeWallLimit } from "../../runtime/whole-wall-limit.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";

describe("wholeWallLimit()", () => {
  const limits = { ...defaultFunctionLimits, fetchWallMs: 2_000, eventWallMs: 3_000, initializerWallMs: 1_000 };
  const event = { handler: "index.handler", initializer: null, parameters: "any" } as const;
  const initialized = { ...event, initializer: "index.start" };

  it.each([
    [null, "fetch", 2_000],
    [event, "event", 3_000],
    [initialized, "event", 4_000],
  ] as const)("of %j in %s is the hook's, with the initializer's where there is one", (settings, phase, expected) => {
    expect(wholeWallLimit({ limits, event: settings }, phase)).toBe(expected);
  });
});
