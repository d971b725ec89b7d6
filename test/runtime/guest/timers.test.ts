import { beforeEach, describe, expect, test } from "vitest";
import { createPerformance } from "../../../runtime/guest/web/timing/performance.ts";
import { createTimers, queueMicrotask, type TimerFunctions } from "../../../runtime/guest/web/timing/timers.ts";
import { connectFakeHost, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

let port: FakeHostPort;
let timers: TimerFunctions;
let seen: unknown[];
beforeEach(() => {
  port = connectFakeHost();
  timers = createTimers();
  seen = [];
});

describe("timers", () => {
  test("setTimeout passes its arguments once, in order of time", () => {
    timers.setTimeout((...values) => seen.push(values), 20, "a", 1);
    timers.setTimeout(() => seen.push("first"), 10);
    port.advance(100);
    expect(seen).toEqual(["first", ["a", 1]]);
  });

  test("setInterval repeats until it is cleared, also from inside", () => {
    const id = timers.setInterval(() => {
      seen.push(seen.length);
      if (seen.length === 3) timers.clearInterval(id);
    }, 10);
    port.advance(100);
    expect(seen).toEqual([0, 1, 2]);
    expect(port.timerCount).toBe(0);
  });

  test("a cleared timer never fires; unknown ids are harmless", () => {
    const id = timers.setTimeout(() => seen.push("x"), 10);
    timers.clearTimeout(id);
    timers.clearTimeout(id);
    timers.clearTimeout(99);
    timers.clearTimeout();
    port.advance(100);
    expect(seen).toEqual([]);
  });

  test.each([[-5], [Number.NaN], [undefined], [2 ** 31]])("the delay %s is 0", (delay) => {
    timers.setTimeout(() => seen.push("x"), delay);
    port.advance(0);
    expect(seen).toEqual(["x"]);
  });

  test("strings are refused with a TypeError", () => {
    expect(() => timers.setTimeout("alert(1)" as never, 1)).toThrow(TypeError);
    expect(() => (timers.setTimeout as never as () => void)()).toThrow(TypeError);
  });

  test("what a handler throws is reported, and the interval goes on", () => {
    timers.setInterval(() => {
      seen.push("x");
      throw new Error("boom");
    }, 10);
    port.advance(20);
    expect(seen).toEqual(["x", "x"]);
    expect(port.logs).toHaveLength(2);
  });

  test("the 10,001st timer is refused", () => {
    for (let i = 0; i < 10_000; i++) timers.setTimeout(() => undefined, 1000);
    expect(() => timers.setTimeout(() => undefined, 1000)).toThrow(RangeError);
  });
});

describe("queueMicrotask", () => {
  test("runs after the present code, and reports what is thrown", async () => {
    queueMicrotask(() => seen.push("micro"));
    queueMicrotask(() => {
      throw new Error("boom");
    });
    seen.push("now");
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual(["now", "micro"]);
    expect(port.logs[0]?.message).toContain("boom");
    expect(() => queueMicrotask(5 as never)).toThrow(TypeError);
  });
});

test("performance.now is the host's clock", () => {
  const performance = createPerformance();
  port.nowMs = 5;
  expect(performance.now()).toBe(5);
  expect(performance.timeOrigin).toBeLessThanOrEqual(Date.now());
});
