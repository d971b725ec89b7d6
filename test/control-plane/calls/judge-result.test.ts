import { describe, expect, it } from "vitest";
import type { LeasedCall } from "../../../control-plane/calls/call-queue.ts";
import { judgeLoss, judgeResult } from "../../../control-plane/calls/judge-result.ts";
import type { CallResult } from "../../../sdk/calls.ts";
import type { ErrorCode } from "../../../sdk/error-code.ts";
import { callLimits } from "../../../sdk/call-limits.ts";

const nowMs = 1_000_000;
const call = (changes: Partial<LeasedCall> = {}): LeasedCall => ({
  id: "a",
  function: "f",
  qualifier: "latest",
  event: "{}",
  depth: 0,
  retries: 3,
  attempts: 0,
  losses: 0,
  expiresAtMs: nowMs + 86_400_000,
  onSuccess: null,
  onFailure: null,
  ...changes,
});
const failed = (code: ErrorCode): CallResult => ({
  id: "a",
  durationMs: 1,
  outcome: { kind: "failed", code, message: "why" },
});
const answered = (eventCode: number, text: string): CallResult => ({
  id: "a",
  durationMs: 1,
  outcome: { kind: "answered", status: eventCode === 0 ? 200 : 500, eventCode, isFunctionError: eventCode !== 0, text },
});
const judge = (of: LeasedCall, result: CallResult) => judgeResult(of, result, nowMs);

describe("judgeResult()", () => {
  it("ends a call that answered", () => {
    expect(judge(call(), answered(0, '"x"'))).toEqual({
      kind: "end",
      end: { state: "finish", code: "", message: "", durationMs: 1 },
    });
  });

  it.each([
    [0, 1_000],
    [1, 4_000],
    [2, 16_000],
  ])("after %i attempts waits %i ms before the next", (attempts, delayMs) => {
    const error = answered(4002, '{"errorType":"RangeError","errorMessage":"far"}');
    expect(judge(call({ attempts }), error)).toEqual({
      kind: "back",
      back: { kind: "failed", delayMs, code: "RangeError", message: "far", durationMs: 1 },
    });
  });

  it("ends a call that failed as often as it may", () => {
    expect(judge(call({ attempts: 3 }), answered(4002, "{}"))).toMatchObject({ end: { state: "fail", code: "4002" } });
    expect(judge(call({ retries: 0 }), failed("FUNCTION_THREW"))).toMatchObject({ end: { state: "fail" } });
  });

  it("ends a call that would be too old for its next attempt", () => {
    const at = (expiresAtMs: number) => judge(call({ expiresAtMs }), answered(4002, "{}")).kind;
    expect([at(nowMs + 1_000), at(nowMs + 1_001)]).toEqual(["end", "back"]);
  });

  it.each([
    ["the time of a handler", answered(4010, "{}")],
    ["the time of an initializer", answered(4211, "{}")],
    ["the time the node allows", failed("FUNCTION_WALL_LIMIT")],
  ])("calls %s that is over a timeout", (_what, result) => {
    expect(judge(call({ retries: 0 }), result)).toMatchObject({ end: { state: "timeout" } });
  });

  it.each([
    "NODE_OVERLOADED",
    "FUNCTION_OVERLOADED",
    "FUNCTION_UNAVAILABLE",
    "NODE_DRAINING",
    "FUNCTION_QUARANTINED",
  ] as const)("holds a call back that was not run: %s", (code) => {
    expect(judge(call({ retries: 0, attempts: 0 }), failed(code))).toMatchObject({ back: { kind: "held", code } });
  });

  it("runs a call again that was lost, a bounded number of times", () => {
    expect(judge(call({ losses: callLimits.lossesMax - 1 }), failed("HOST_LOST"))).toMatchObject({
      back: { kind: "lost", delayMs: 0 },
    });
    expect(judge(call({ losses: callLimits.lossesMax }), failed("HOST_LOST"))).toMatchObject({
      end: { state: "fail" },
    });
    const failure = { code: "HOST_LOST", message: "", durationMs: null };
    expect(judgeLoss(call({ losses: callLimits.lossesMax }), failure)).toMatchObject({ end: { state: "fail" } });
  });

  it.each(["", "no JSON", "null", "7", '{"errorType":7}'])("takes any text for an error: %j", (text) => {
    expect(judge(call({ retries: 0 }), answered(4002, text))).toMatchObject({ end: { code: "4002", message: "" } });
  });

  it("cuts what is too long", () => {
    const text = JSON.stringify({ errorType: "E".repeat(1_000), errorMessage: "m".repeat(10_000) });
    const judgement = judge(call({ retries: 0 }), answered(4002, text));
    expect(judgement.kind === "end" && [judgement.end.code.length, judgement.end.message.length]).toEqual([
      128,
      callLimits.messageCharsMax,
    ]);
  });
});
