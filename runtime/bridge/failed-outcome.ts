/** The outcome frame of an invocation that failed without its guest saying so: engine and instance speak for it. */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { frame, int, text } from "./frame.ts";
import { fromGuest, outcomeKind } from "./protocol.ts";

/** A whole frame; the invocation ends with it. */
export function failedOutcome(id: number, code: ErrorCode, message: string, stack = ""): string {
  const reason = text(code) + text(message) + text(stack) + int(0);
  return frame(fromGuest.outcome, int(id) + int(1) + int(outcomeKind.failed) + reason);
}
