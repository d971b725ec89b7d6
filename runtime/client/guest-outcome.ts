/** Outcomes that the front puts in the place of what a guest said, when that cannot be used. */
import { FrameError, type FrameReader } from "../bridge/frame.ts";
import { readOutcome, type ReadOutcome } from "../bridge/outcome-frame.ts";
import type { Outcome } from "../driver.ts";

export const bodyConsumed: Outcome = {
  kind: "failed",
  code: "FUNCTION_RESULT_INVALID",
  message: "The body was read by the function: return a new Request or Response that carries what should go on",
  stack: "",
  passThrough: false,
};

export const socketRefused: Outcome = {
  kind: "failed",
  code: "FUNCTION_RESULT_INVALID",
  message: "Cannot open a WebSocket here: it is in use already, too many are open, or the hook is about a response",
  stack: "",
  passThrough: false,
};

/** An outcome that cannot be read is a failed one: whoever waits for it is told. */
export function readOutcomeSafely(reader: FrameReader): ReadOutcome {
  try {
    return readOutcome(reader);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { kind: "failed", code: "FUNCTION_RESULT_INVALID", message: error.message, stack: "", passThrough: false };
  }
}
