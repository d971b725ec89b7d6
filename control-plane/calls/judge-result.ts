/**
 * What becomes of a call after a node had it: it ended, or it waits again. Pure.
 *
 * Invariant: every call ends after at most `retries` further attempts, `callLimits.lossesMax` losses, and its age.
 */
import type { CallResult } from "../../sdk/calls.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { eventCodes } from "../../sdk/event-answer.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import type { CallEnd, CallFailure, CallReturn, LeasedCall } from "./call-queue.ts";

export type Judgement =
  | { readonly kind: "end"; readonly end: Omit<CallEnd, "sending"> }
  | { readonly kind: "back"; readonly back: CallReturn };

/** What a node said, at the queue's time `nowMs`. */
export function judgeResult(call: LeasedCall, result: CallResult, nowMs: number): Judgement {
  const { outcome, durationMs } = result;
  if (outcome.kind === "failed") {
    const failure = { code: outcome.code, message: outcome.message, durationMs };
    const heldMs = heldFor.get(outcome.code);
    if (heldMs !== undefined) return { kind: "back", back: { ...failure, kind: "held", delayMs: heldMs } };
    if (lostCodes.has(outcome.code)) return judgeLoss(call, failure);
    return judgeFailure(call, { state: outcome.code === "FUNCTION_WALL_LIMIT" ? "timeout" : "fail", failure, nowMs });
  }
  if (!outcome.isFunctionError) return { kind: "end", end: { state: "finish", code: "", message: "", durationMs } };
  const failure = { ...describeError(outcome.text, outcome.eventCode), durationMs };
  return judgeFailure(call, { state: timeoutCodes.has(outcome.eventCode) ? "timeout" : "fail", failure, nowMs });
}

/** What had it is gone, or did not answer in time. */
export function judgeLoss({ losses }: LeasedCall, failure: CallFailure): Judgement {
  if (losses >= callLimits.lossesMax) return { kind: "end", end: { state: "fail", ...failure } };
  return { kind: "back", back: { ...failure, kind: "lost", delayMs: 0 } };
}

function judgeFailure(
  { attempts, retries, expiresAtMs }: LeasedCall,
  of: { readonly state: "fail" | "timeout"; readonly failure: CallFailure; readonly nowMs: number },
): Judgement {
  const { state, failure, nowMs } = of;
  const delayMs = callLimits.retryMs * 4 ** attempts;
  if (attempts >= retries || nowMs + delayMs >= expiresAtMs) return { kind: "end", end: { state, ...failure } };
  return { kind: "back", back: { ...failure, kind: "failed", delayMs } };
}

/** The call was not run: how long until it is tried again, milliseconds. */
const heldFor: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ["NODE_OVERLOADED", 250],
  ["FUNCTION_OVERLOADED", 250],
  ["FUNCTION_UNAVAILABLE", 500],
  ["NODE_DRAINING", 250],
  ["FUNCTION_QUARANTINED", 5_000],
]);
const lostCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["HOST_LOST", "FUNCTION_INSTANCE_LOST"]);
const timeoutCodes: ReadonlySet<number> = new Set([eventCodes.invokeTimeout, eventCodes.initializerTimeout]);

/** Name and message of an error object (interfaces.md §1.3), as far as the text is one. */
function describeError(text: string, eventCode: number): Pick<CallFailure, "code" | "message"> {
  const { errorType, errorMessage } = readError(text);
  return {
    code: (typeof errorType === "string" && errorType !== "" ? errorType : String(eventCode)).slice(0, 128),
    message: (typeof errorMessage === "string" ? errorMessage : "").slice(0, callLimits.messageCharsMax),
  };
}

function readError(text: string): { readonly errorType?: unknown; readonly errorMessage?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
