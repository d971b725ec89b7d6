import { describe, expect, it } from "vitest";
import { DispatchWindows } from "../../../control-plane/calls/dispatch-windows.ts";
import { callLimits } from "../../../sdk/call-limits.ts";

describe("DispatchWindows", () => {
  it("gives a node that is overloaded half of what it had, and one more with each call that goes well", () => {
    const windows = new DispatchWindows();
    expect(windows.roomOf("n")).toBe(callLimits.perNodeMax);
    for (let count = 0; count < 100; count++) windows.started("n", "f");
    windows.ended("n", "f", "node-overloaded");
    expect(windows.roomOf("n")).toBe(0);
    for (let count = 0; count < 50; count++) windows.ended("n", "f", "well");
    expect(windows.roomOf("n")).toBe(100 - 49);
    for (let count = 0; count < 49; count++) windows.ended("n", "f", "well");
    expect(windows.roomOf("n")).toBe(149);
  });

  it("never shuts a node or a function out", () => {
    const windows = new DispatchWindows();
    windows.started("n", "f");
    windows.ended("n", "f", "node-overloaded");
    expect(windows.roomOf("n")).toBe(1);
    windows.started("n", "f");
    windows.ended("n", "f", "function-overloaded");
    expect(windows.share(["n"]).of("f")).toBe(1);
  });

  it("leaves half of the room to others, however many calls one function has", () => {
    const windows = new DispatchWindows();
    const room = windows.share(["n"]);
    const half = callLimits.perNodeMax / 2;
    expect(room.of("f")).toBe(half);
    room.take("f", half);
    expect(room.of("f")).toBe(0);
    expect(room.of("g")).toBe(half / 2);
    for (let count = 0; count < half; count++) windows.started("n", "f");
    expect([windows.share(["n"]).of("f"), windows.share(["n"]).of("g")]).toEqual([0, half / 2]);
  });

  it("shares the room of several nodes", () => {
    expect(new DispatchWindows().share(["a", "b"]).of("f")).toBe(callLimits.perNodeMax);
    expect(new DispatchWindows().share([]).of("f")).toBe(0);
  });

  it("keeps to what a function can take that says it is overloaded", () => {
    const windows = new DispatchWindows();
    for (let count = 0; count < 20; count++) windows.started("n", "f");
    windows.ended("n", "f", "function-overloaded");
    for (let count = 0; count < 19; count++) windows.ended("n", "f", "function-overloaded");
    expect(windows.share(["n"]).of("f")).toBe(1);
    windows.started("n", "f");
    windows.ended("n", "f", "well");
    expect(windows.share(["n"]).of("f")).toBe(2);
  });
});
