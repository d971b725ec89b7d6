/**
 * The one error of the REST client: what the control plane answered, or why there is no answer.
 *
 * Invariant: `code` says what happened; nobody needs to read `message` to decide. No token is in any of its fields.
 */
import type { ErrorCode } from "./error-code.ts";
import type { Problem } from "./problem.ts";

/** What the client itself finds out, beside the codes the control plane answers. */
export type ClientErrorCode =
  /** No connection, or it broke before the answer was complete. */
  | "CONTROL_UNREACHABLE"
  /** The answer took longer than the call's deadline. */
  | "CONTROL_TIMEOUT"
  /** The answer is not what a control plane sends; the URL probably belongs to something else. */
  | "CONTROL_ANSWER_INVALID";

export interface ApiErrorDetails {
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly requestId?: string;
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

export class SelvageApiError extends Error {
  readonly code: ErrorCode | ClientErrorCode;
  readonly status: number;
  /** Empty without an answer. */
  readonly requestId: string;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode | ClientErrorCode, message: string, details: ApiErrorDetails) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "SelvageApiError";
    this.code = code;
    this.status = details.status;
    this.requestId = details.requestId ?? "";
    this.problems = details.problems ?? [];
  }
}
