import { beforeEach, describe, expect, test } from "vitest";
import { DOMException } from "../../../runtime/guest/web/core/dom-exception.ts";
import { AbortController, AbortSignal } from "../../../runtime/guest/web/events/abort-signal.ts";
import { CustomEvent, ErrorEvent, Event } from "../../../runtime/guest/web/events/event.ts";
import { EventTarget } from "../../../runtime/guest/web/events/event-target.ts";
import { connectFakeHost, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

let port: FakeHostPort;
beforeEach(() => {
  port = connectFakeHost();
});

describe("EventTarget", () => {
  test("runs listeners in order, capturing ones first, each pair once", () => {
    const target = new EventTarget();
    const seen: string[] = [];
    const listener = (event: Event): void => {
      seen.push(`${event.type} ${String(event.currentTarget === target)} ${event.eventPhase}`);
    };
    target.addEventListener("a", listener);
    target.addEventListener("a", listener);
    target.addEventListener("a", () => seen.push("capture"), true);
    target.addEventListener("a", { handleEvent: () => seen.push("object") });
    const event = new Event("a");
    expect(target.dispatchEvent(event)).toBe(true);
    expect(seen).toEqual(["capture", "a true 2", "object"]);
    expect([event.target, event.currentTarget, event.eventPhase]).toEqual([target, null, 0]);
    target.removeEventListener("a", listener);
    target.dispatchEvent(event);
    expect(seen).toHaveLength(5);
  });

  test("once, signal, passive and stopImmediatePropagation", () => {
    const target = new EventTarget();
    const controller = new AbortController();
    const seen: string[] = [];
    target.addEventListener("a", () => seen.push("once"), { once: true });
    target.addEventListener("a", () => seen.push("signal"), { signal: controller.signal });
    target.addEventListener("a", (event) => event.preventDefault(), { passive: true });
    target.addEventListener("b", (event) => event.stopImmediatePropagation());
    target.addEventListener("b", () => seen.push("never"));
    expect(target.dispatchEvent(new Event("a", { cancelable: true }))).toBe(true);
    controller.abort();
    target.dispatchEvent(new Event("a"));
    target.dispatchEvent(new Event("b"));
    expect(seen).toEqual(["once", "signal"]);
  });

  test("a listener that throws is reported and stops nobody", () => {
    const target = new EventTarget();
    let ran = false;
    target.addEventListener("a", () => {
      throw new Error("boom");
    });
    target.addEventListener("a", () => {
      ran = true;
    });
    target.dispatchEvent(new Event("a"));
    expect(ran).toBe(true);
    expect(port.logs[0]).toMatchObject({
      level: "error",
      message: expect.stringContaining("Uncaught Error: boom") as string,
    });
  });

  test("preventDefault counts only for cancelable events", () => {
    const target = new EventTarget();
    target.addEventListener("a", (event) => event.preventDefault());
    expect(target.dispatchEvent(new Event("a", { cancelable: true }))).toBe(false);
    expect(target.dispatchEvent(new Event("a"))).toBe(true);
  });

  test("refuses what is no event, and an event being dispatched", () => {
    const target = new EventTarget();
    expect(() => target.dispatchEvent({ type: "a" } as never)).toThrow(TypeError);
    target.addEventListener("a", (event) => {
      expect(() => target.dispatchEvent(event)).toThrow(expect.objectContaining({ name: "InvalidStateError" }));
    });
    target.dispatchEvent(new Event("a"));
    expect(() => target.addEventListener("a", 5 as never)).toThrow(TypeError);
    expect(() => new (Event as never as new () => Event)()).toThrow(TypeError);
    expect.assertions(4);
  });

  test("events of subclasses carry their data", () => {
    expect(new CustomEvent("a", { detail: 5 }).detail).toBe(5);
    const error = new Error("x");
    expect(new ErrorEvent("error", { error, message: "m", lineno: 3 })).toMatchObject({
      error,
      message: "m",
      lineno: 3,
    });
    port.nowMs = 12;
    expect(new Event("a").timeStamp).toBe(12);
  });
});

describe("AbortSignal", () => {
  test("aborts once, with a reason, and tells listeners and onabort", () => {
    const controller = new AbortController();
    const seen: string[] = [];
    // eslint-disable-next-line unicorn/prefer-add-event-listener -- the attribute is what is tested
    controller.signal.onabort = () => seen.push("onabort");
    controller.signal.addEventListener("abort", () => seen.push("listener"));
    controller.abort();
    controller.abort("late");
    expect(seen).toEqual(["onabort", "listener"]);
    expect(controller.signal.reason).toMatchObject({ name: "AbortError", code: 20 });
    expect(() => controller.signal.throwIfAborted()).toThrow(DOMException);
    expect(AbortSignal.abort(null).reason).toBeNull();
    expect(() => new AbortSignal()).toThrow(TypeError);
  });

  test("timeout aborts when its time has come", () => {
    const signal = AbortSignal.timeout(100);
    port.advance(99);
    expect(signal.aborted).toBe(false);
    port.advance(1);
    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
    expect(() => AbortSignal.timeout(-1)).toThrow(TypeError);
    expect(() => AbortSignal.timeout(Number.NaN)).toThrow(TypeError);
  });

  test("any follows all its sources, through chains, before listeners run", () => {
    const first = new AbortController();
    const second = new AbortController();
    const outer = AbortSignal.any([AbortSignal.any([first.signal, second.signal]), new AbortController().signal]);
    let outerWasAborted = false;
    second.signal.addEventListener("abort", () => {
      outerWasAborted = outer.aborted;
    });
    second.abort("why");
    expect([outer.aborted, outer.reason, outerWasAborted]).toEqual([true, "why", true]);
    expect(AbortSignal.any([first.signal, outer]).reason).toBe("why");
    expect(AbortSignal.any([]).aborted).toBe(false);
    expect(() => AbortSignal.any([{} as never])).toThrow(TypeError);
    expect(() => AbortSignal.any(5 as never)).toThrow(TypeError);
  });
});

describe("DOMException", () => {
  test("is what Node's is", () => {
    for (const name of ["AbortError", "DataCloneError", "IndexSizeError", "InUseAttributeError", "Custom", "Error"]) {
      const ours = new DOMException("m", name);
      const node = new globalThis.DOMException("m", name);
      expect([ours.name, ours.code, ours.message, `${ours as Error}`]).toEqual([
        node.name,
        node.code,
        node.message,
        String(node),
      ]);
    }
    const ours = new DOMException("m", { name: "AbortError", cause: 5 });
    expect(ours).toBeInstanceOf(Error);
    expect(ours.cause).toBe(5);
    expect(ours.stack).toContain("AbortError: m");
  });

  test("has the constants of the standard", () => {
    const constants = (target: object): unknown =>
      Object.entries(target)
        .filter(([name]) => name.endsWith("_ERR"))
        .toSorted(([a], [b]) => a.localeCompare(b));
    expect(constants(DOMException)).toEqual(constants(globalThis.DOMException));
    expect(constants(DOMException)).toHaveLength(25);
  });
});
