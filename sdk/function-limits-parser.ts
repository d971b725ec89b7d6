/**
 * Turns untrusted input into a function's limits: what is absent gets its default, what is outside its range is a problem
 * (ranges: `functionLimitRanges`). Pure.
 */
import { FieldReader, parsedUnless } from "./field-reader.ts";
import { functionLimitRanges, type FunctionLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** `undefined` gives the defaults. Problem paths start with `limits`. */
export function parseFunctionLimits(input: unknown): Parsed<FunctionLimits> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input ?? {}, { path: "limits", problems });
  const entries = Object.entries(functionLimitRanges).map(([key, range]) => [key, fields.integer(key, range)]);
  fields.finish();
  return parsedUnless(problems, Object.fromEntries(entries) as FunctionLimits);
}
