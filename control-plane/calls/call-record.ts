/** The record of a call that ended, as destinations get it (interfaces.md §1.5, "Async destination payload"). Pure. */
import type { CallResult } from "../../sdk/calls.ts";
import type { CallEnd, LeasedCall, NewSending } from "./call-queue.ts";

/**
 * What is sent about `call`, or null: nobody is to be told. `result`: what its last attempt answered, if it did; `alias`: the alias it was sent to, or
 * null.
 */
export function sendingAbout(
  call: LeasedCall,
  of: {
    readonly end: Omit<CallEnd, "sending">;
    readonly result: CallResult | null;
    readonly alias: string | null;
    readonly nowMs: number;
  },
): NewSending | null {
  const { end, result, alias, nowMs } = of;
  const isSuccess = end.state === "finish";
  const destination = isSuccess ? call.onSuccess : call.onFailure;
  if (destination === null) return null;
  const answer = result?.outcome.kind === "answered" ? result.outcome : null;
  const record = {
    timestamp: `${new Date(nowMs).toISOString()}+00:00`,
    request_context: {
      request_id: call.id,
      function_urn: `urn:fss:local:default:function:default:${call.function}:${alias === null ? "" : "!"}${call.qualifier}`,
      condition: conditions[end.state],
      approximate_invoke_count: call.attempts + call.losses + (end.state === "discard" ? 0 : 1),
    },
    request_payload: JSON.parse(call.event) as unknown,
    response_context: {
      status_code: answer?.status ?? (isSuccess ? 200 : 500),
      function_error: isSuccess ? "" : end.code,
    },
    response_payload: answer === null ? failurePayload(end) : payloadOf(answer.text),
  };
  return {
    condition: isSuccess ? "success" : "failure",
    destination,
    body: JSON.stringify(record),
    depth: call.depth,
  };
}

const conditions: Readonly<Record<CallEnd["state"], string>> = {
  finish: "Success",
  fail: "RetriesExhausted",
  timeout: "RetriesExhausted",
  discard: "EventAgeExceeded",
};

/** A result that is JSON as its value, another one as its text, none as the empty text. */
function payloadOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function failurePayload({ code, message }: Pick<CallEnd, "code" | "message">): unknown {
  return { errorType: code, errorMessage: message };
}
