/** The check of all parser tests: what a parser refuses, as `path: message` lines. */
import type { Parsed } from "../../sdk/problem.ts";

/** Every problem as one line; an empty list when the input was accepted. */
export function problemLines(parsed: Parsed<unknown>): readonly string[] {
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

/** The paths of all problems. */
export function problemPaths(parsed: Parsed<unknown>): readonly string[] {
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
}

/** The value; throws with the problems when there is none. */
export function parsedValue<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(`Expected a value: ${problemLines(parsed).join("; ")}`);
}
