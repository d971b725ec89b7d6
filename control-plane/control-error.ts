/**
 * What the control plane throws: a code of the closed list, a message for the caller, and every problem of the input.
 *
 * The REST layer turns it into an `ErrorBody`; any other error becomes CONTROL_INTERNAL there. Invariant: message, problems and
 * context hold no secret and no token.
 */
import { describeError, type ErrorCode, type ErrorSource } from "../sdk/error-code.ts";
import { formatProblems, type Parsed, type Problem } from "../sdk/problem.ts";

export interface ControlErrorOptions {
  /** Default: the code's own sentence. */
  readonly message?: string;
  readonly problems?: readonly Problem[];
  /** For the log only. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly source: ErrorSource;
  /** Whether the same request may succeed when sent again unchanged. */
  readonly retry: boolean;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, options: ControlErrorOptions = {}) {
    const description = describeError(code);
    super(options.message ?? description.text, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.source = description.source;
    this.retry = description.retry;
    this.context = options.context ?? {};
  }
}

/** INPUT_INVALID with all problems in its message. */
export function invalidInput(problems: readonly Problem[]): ControlError {
  return new ControlError("INPUT_INVALID", { message: formatProblems(problems), problems });
}

/** The parsed value. @throws ControlError INPUT_INVALID with every problem. */
export function requireValid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw invalidInput(parsed.problems);
}

/** NOT_FOUND that names what is missing, for example `function "hello"`. */
export function notFound(thing: string): ControlError {
  return new ControlError("NOT_FOUND", { message: `There is no ${thing}.` });
}

export function conflict(message: string, problems: readonly Problem[] = []): ControlError {
  return new ControlError("CONFLICT", { message, problems });
}
