import { describe, expect, it } from "vitest";
import { beginningLimit, settleWhenBegun, unbegunStream } from "../../runtime/client/begun-stream.ts";
import { GuestStream } from "../../runtime/client/guest-stream.ts";
import type { Outcome } from "../../runtime/driver.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";
import { FakeClock, settle } from "../edge-node/support/fake-clock.ts";

function check(deadlineMs: number): {
  readonly stream: GuestStream;
  readonly said: string[];
  readonly settled: Outcome[];
  readonly clock: FakeClock;
  readonly outcome: Outcome;
  readonly giveUp: (failure: Outcome) => void;
} {
  const clock = new FakeClock();
  const said: string[] = [];
  const settled: Outcome[] = [];
  const stream = new GuestStream({ credit: (chunks) => said.push(`credit ${chunks}`), stop: () => said.push("stop") });
  const outcome: Outcome = {
    kind: "response",
    status: 200,
    headers: "",
    body: { kind: "stream", chunks: stream, lengthBytes: undefined },
  };
  const environment = {
    nowMs: () => clock.monotonicMs(),
    startTimer: (delayMs: number, fire: () => void) => clock.after(delayMs, fire),
  };
  const giveUp = settleWhenBegun({
    outcome,
    stream,
    limit: { untilMs: clock.monotonicMs() + deadlineMs, leastMs: 1_000 },
    environment,
    settle: (one) => settled.push(one),
  });
  return { stream, said, settled, clock, outcome, giveUp };
}

const aborted: Outcome = { kind: "failed", code: "REQUEST_ABORTED", message: "", stack: "", passThrough: false };

describe("settleWhenBegun()", () => {
  it("asks the guest to begin and settles with the first chunk, which is still there to be read", async () => {
    const { stream, said, settled, outcome } = check(5_000);
    expect(said).toEqual(["credit 4"]);
    stream.push(new Uint8Array([7]));
    await settle();
    expect(settled).toEqual([outcome]);
    expect(await stream.next()).toEqual({ done: false, value: new Uint8Array([7]) });
  });

  it("a stream that breaks off before its first chunk fails the invocation; one that does right after it is an answer", async () => {
    const before = check(5_000);
    before.stream.fail(new Error("no body"));
    const after = check(5_000);
    after.stream.push(new Uint8Array([7]));
    after.stream.fail(new Error("late"));
    await settle();
    expect(before.settled).toMatchObject([{ kind: "failed", code: "FUNCTION_BODY_FAILED", message: "no body" }]);
    expect(after.settled).toEqual([after.outcome]);
  });

  it("at the deadline it fails, stops the guest, and what comes later changes nothing", async () => {
    const { stream, said, settled, clock } = check(5_000);
    await clock.advance(4_999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    stream.push(new Uint8Array([7]));
    await settle();
    expect(settled).toMatchObject([{ kind: "failed", code: "FUNCTION_WALL_LIMIT" }]);
    expect(said).toContain("stop");
  });

  it("who waited for an instance beyond the deadline has a second", async () => {
    const { settled, clock } = check(-10_000);
    await clock.advance(999);
    expect(settled).toEqual([]);
    await clock.advance(1);
    expect(settled).toMatchObject([{ code: "FUNCTION_WALL_LIMIT" }]);
  });

  it("whoever gives it up settles it, once", async () => {
    const { stream, said, settled, giveUp } = check(5_000);
    giveUp(aborted);
    giveUp(aborted);
    stream.end();
    await settle();
    expect([settled, said.filter((word) => word === "stop")]).toEqual([[aborted], ["stop"]]);
  });
});

describe("unbegunStream()", () => {
  it("is null for what is no answer, no stream, or no stream of the guest, and for one that has begun", () => {
    const { outcome, stream } = check(5_000);
    expect(unbegunStream(outcome)).toBe(stream);
    stream.end();
    expect(unbegunStream(outcome)).toBeNull();
    expect(unbegunStream({ kind: "continue" })).toBeNull();
    expect(unbegunStream({ kind: "response", status: 200, headers: "", body: { kind: "empty" } })).toBeNull();
    expect(unbegunStream(aborted)).toBeNull();
  });
});

describe("beginningLimit()", () => {
  const limits = { ...defaultFunctionLimits, wallMs: 9_000, fetchWallMs: 2_000, eventWallMs: 500 };

  it.each([
    ["clientResponse", 9_100],
    ["fetch", 2_100],
    ["event", 2_100],
  ] as const)("of %s is the hook's limit, or that of fetch where that is longer", (hook, untilMs) => {
    expect(beginningLimit(limits, { hook, nowMs: 100 })).toEqual({ untilMs, leastMs: 1_000 });
  });

  it("never gives longer from the head on than the limit is", () => {
    const short = { ...limits, wallMs: 40, fetchWallMs: 30 };
    expect(beginningLimit(short, { hook: "clientRequest", nowMs: 0 })).toEqual({ untilMs: 40, leastMs: 40 });
  });
});
