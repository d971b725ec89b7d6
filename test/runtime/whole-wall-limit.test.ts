import { defaultEventSettings } from "../../sdk/event-settings.ts";
import { describe, expect, it } from "vitest";
import { wholeWallLimit } from "../../runtime/whole-wall-limit.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";

describe("wholeWallLimit()", () => {
  const limits = { ...defaultFunctionLimits, fetchWallMs: 2_000, eventWallMs: 3_000, initializerWallMs: 1_000 };
  const event = { ...defaultEventSettings, parameters: "any" } as const;
  const initialized = { ...event, initializer: "index.start" };

  it.each([
    [null, "fetch", 2_000],
    [event, "event", 3_000],
    [initialized, "event", 4_000],
  ] as const)("of %j in %s is the hook's, with the initializer's where there is one", (settings, phase, expected) => {
    expect(wholeWallLimit({ limits, event: settings, hooks: ["fetch"], snapshot: null }, phase)).toBe(expected);
  });

  const snapshot = new Uint8Array(1);
  it.each([
    ["restore alone", { event, hooks: ["restore"] }, 4_000],
    ["restore and the initializer", { event: initialized, hooks: ["restore"] }, 5_000],
    [
      "restore where the snapshot has the initializer behind it",
      { event: initialized, hooks: ["restore"], isInitialized: true },
      4_000,
    ],
    ["neither", { event: initialized, hooks: ["event"], isInitialized: true }, 3_000],
  ] as const)("after a start from a snapshot it has the time of %s", (_name, version, expected) => {
    expect(wholeWallLimit({ limits, snapshot, ...version }, "event")).toBe(expected);
    expect(wholeWallLimit({ limits, ...version, isInitialized: false, hooks: [], snapshot: null }, "event")).toBe(
      version.event.initializer === null ? 3_000 : 4_000,
    );
  });
});
