/**
 * A failure as its client reads it: code, one fixed sentence and the request id; never a message, a stack or an address.
 */
import { describeError, type ErrorBody, type ErrorCode } from "../../sdk/error-code.ts";
import type { ResponseMessage } from "./exchange.ts";

const FIELDS = "content-type:application/json\ncache-control:no-store\n";

/** The answer for a code. */
export function errorAnswer(code: ErrorCode, requestId: string, retryAfterSeconds = 1): ResponseMessage {
  const { status, text, retry } = describeError(code);
  const body: ErrorBody = { error: { code, message: text, requestId } };
  const busy = retry && (status === 429 || status === 503);
  const headers = busy ? `${FIELDS}retry-after:${retryAfterSeconds}\n` : FIELDS;
  return { status, headers, body: { kind: "text", text: JSON.stringify(body) } };
}
