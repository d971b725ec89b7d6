/** What the front is told of an invocation that was answered and went on too long: a line in its log, and its end, as if the guest itself had said so. */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { frame, int, text } from "./frame.ts";
import { fromGuest, logLevels } from "./protocol.ts";

const code: ErrorCode = "FUNCTION_WALL_LIMIT";

/** Whole frames; `allowedMs`: how long it may go on. */
export function abandonedInvocation(id: number, allowedMs: number): string {
  const message = `${code}: waitUntil() went on for more than ${allowedMs} ms after the answer, and the invocation was abandoned`;
  const log = frame(fromGuest.log, int(id) + int(logLevels.indexOf("error")) + text(message));
  return log + frame(fromGuest.ended, int(id));
}
