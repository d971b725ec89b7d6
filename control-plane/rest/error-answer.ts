/**
 * Whatever went wrong, as status and `ErrorBody`. Every error answer of the control plane is made here.
 *
 * Invariant: what was not thrown on purpose answers CONTROL_INTERNAL without a word about its cause, which only the log has.
 */
import { describeError, type ErrorBody, type ErrorCode } from "../../sdk/error-code.ts";
import { ControlError, invalidInput } from "../control-error.ts";
import { StoreError } from "../store-error.ts";

export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
}

/** `error` may be anything that was thrown while answering request `requestId`. */
export function answerError(error: unknown, requestId: string): ErrorAnswer {
  const { code, message, problems } = toControlError(error);
  return {
    status: describeError(code).status,
    body: { error: { code, message, requestId, ...(problems.length === 0 ? {} : { problems }) } },
  };
}

/** The error as one of ours. */
export function toControlError(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  if (error instanceof StoreError) return new ControlError(error.code, { cause: error });
  const ofDisk =
    error instanceof Error && "syscall" in error
      ? diskCodes.get(String((error as NodeJS.ErrnoException).code))
      : undefined;
  if (ofDisk !== undefined) return new ControlError(ofDisk, { cause: error });
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new ControlError("PAYLOAD_TOO_LARGE", { cause: error });
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return badHeader("content-type", "allowed: application/json");
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY") return badBody("is empty, allowed: JSON");
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH")
    return badHeader("content-length", "differs from the body's length");
  if (code === "FST_ERR_CTP_INVALID_JSON_BODY" || error instanceof SyntaxError) {
    return badBody(`is not JSON that is allowed here: ${(error as Error).message}`);
  }
  if (code === "FST_ERR_BAD_URL" || code === "FST_ERR_MAX_PARAM_LENGTH") {
    return invalidInput([{ path: "request", message: "its path cannot be read, or a part of it is too long" }]);
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return invalidInput([{ path: "request", message: (error as Error).message }]);
  }
  return new ControlError("CONTROL_INTERNAL", { cause: error });
}

/** Of an error that answers 429; where nobody knows better, one second. */
export function retryAfterSeconds(error: unknown): number {
  const { retryAfterSeconds: known } = toControlError(error).context;
  return typeof known === "number" ? known : 1;
}

/** What the system says when an artifact or a source cannot be written or read. */
const diskCodes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["ENOSPC", "STORE_FULL"],
  ["EDQUOT", "STORE_FULL"],
  ["EROFS", "STORE_READ_ONLY"],
  ["EIO", "STORE_DAMAGED"],
]);

function badBody(message: string): ControlError {
  return invalidInput([{ path: "body", message }]);
}

function badHeader(name: string, message: string): ControlError {
  return invalidInput([{ path: name, message }]);
}
