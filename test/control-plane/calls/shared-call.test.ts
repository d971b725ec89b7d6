import { describe, expect, it } from "vitest";
import {
  acceptedCall,
  decodeCall,
  encodeCall,
  endedCall,
  leasedCall,
  releasedCall,
  toldCall,
} from "../../../control-plane/calls/shared-call.ts";
import { ended, newCall, sendingTo } from "./new-call.ts";

const waiting = acceptedCall(newCall("ä\r\n☃", { function: "f" }), 1_000);
const running = leasedCall(waiting, { holder: "h", lease: "h.1", startedAtMs: 2_000 });
const toQueue = sendingTo({ kind: "queue", queue: "q" }, '{"large":1}');

describe("encodeCall()", () => {
  it("gives ASCII without line ends, which is read again as it was", () => {
    const text = encodeCall({ ...running, sequence: 7 });
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(decodeCall(text, 99)).toEqual({ ...running, sequence: 7 });
  });

  it("gives the message's sequence to a call that has none yet", () => {
    expect(decodeCall(encodeCall(waiting), 99).sequence).toBe(99);
  });

  it("holds neither event nor body", () => {
    const over = endedCall(running, { end: ended("finish", toQueue), nowMs: 3_000, isRoom: true });
    expect(encodeCall(over)).not.toContain("large");
    expect(over.sending).toMatchObject({ attempts: 0, dueAtMs: 3_000, call: null });
  });
});

describe("a shared call", () => {
  it("of a holder that is gone waits as it did, and is nobody's change", () => {
    expect(releasedCall(running)).toMatchObject({ state: "wait", holder: null, lease: "", attempts: 0, losses: 0 });
  });

  it("that is over stays over when whoever sends its record is gone", () => {
    const over = endedCall(running, { end: ended("finish", toQueue), nowMs: 3_000, isRoom: true });
    expect(releasedCall({ ...over, holder: "h" })).toMatchObject({ state: "finish", holder: null });
    expect(releasedCall(over).sending).toEqual(over.sending);
  });

  it("has lost its record, and says so, where there is no room for it", () => {
    const over = endedCall(running, { end: ended("finish", toQueue), nowMs: 3_000, isRoom: false });
    expect(over.sending).toBeNull();
    expect(over.destination).toMatchObject({ state: "failed", message: "too many sendings were waiting" });
  });

  it("is told of once", () => {
    const over = endedCall(running, { end: ended("finish", toQueue), nowMs: 3_000, isRoom: true });
    const told = toldCall(over, { state: "sent", message: "" });
    expect(told).toMatchObject({ sending: null, destination: { state: "sent" } });
    expect(toldCall(told, { state: "failed", message: "x" }).destination?.state).toBe("sent");
  });
});
