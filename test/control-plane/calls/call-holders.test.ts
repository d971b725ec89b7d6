import { describe, expect, it } from "vitest";
import { CallHolders, holderLimits } from "../../../control-plane/calls/call-holders.ts";
import { FakeClock } from "../fake-clock.ts";

function started() {
  const clock = new FakeClock();
  const holders = new CallHolders(clock);
  holders.heard("a");
  return { clock, holders };
}

describe("CallHolders", () => {
  it("takes one for gone after its silence, and not a millisecond before", () => {
    const { clock, holders } = started();
    clock.advance(holderLimits.silenceMs - 1);
    expect(holders.gone([])).toEqual([]);
    clock.advance(1);
    expect(holders.gone([])).toEqual(["a"]);
    holders.heard("a");
    expect(holders.gone([])).toEqual([]);
  });

  it("gives one that was never heard of its time from the first question on", () => {
    const { clock, holders } = started();
    clock.advance(holderLimits.silenceMs);
    expect(holders.gone(["b"])).toEqual(["a"]);
    holders.forget("a");
    clock.advance(holderLimits.silenceMs);
    expect(holders.gone(["b"])).toEqual(["b"]);
  });

  it("counts nobody's silence while nothing could be heard", () => {
    const { clock, holders } = started();
    clock.advance(holderLimits.silenceMs);
    holders.restart();
    expect(holders.gone([])).toEqual([]);
  });
});
