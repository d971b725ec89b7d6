/**
 * The exit codes of the command line tool, and which one an error means. They are part of its interface: scripts rely on them.
 */
import { SelvageApiError } from "../api-error.ts";
import type { Problem } from "../problem.ts";

export const exitCodes = {
  ok: 0,
  /** It was tried and failed. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** What was given (file, value, name) is refused; trying again changes nothing. */
  refused: 3,
  /** The control plane cannot be reached. */
  unreachable: 4,
  /** The token is missing, wrong or not allowed to do this. */
  unauthorised: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A failure with its exit code, told to the user without a stack. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];

  constructor(exitCode: ExitCode, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.name = "CliError";
    this.exitCode = exitCode;
    this.problems = problems;
  }
}

/** What is refused because of `problems`. */
export function refusal(message: string, problems: readonly Problem[]): CliError {
  return new CliError(exitCodes.refused, message, problems);
}

/** A failure whose result is on stdout already: in JSON nothing may follow it. */
export class ToldFailure extends CliError {
  constructor(message: string) {
    super(exitCodes.failure, message);
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof SelvageApiError)) return exitCodes.failure;
  switch (error.code) {
    case "CONTROL_UNREACHABLE":
    case "CONTROL_TIMEOUT":
    case "CONTROL_ANSWER_INVALID":
      return exitCodes.unreachable;
    case "UNAUTHENTICATED":
    case "FORBIDDEN":
      return exitCodes.unauthorised;
    default:
      return error.status >= 400 && error.status < 500 && error.status !== 429 ? exitCodes.refused : exitCodes.failure;
  }
}
