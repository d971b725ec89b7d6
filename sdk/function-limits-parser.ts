/**
 * Turns untrusted input into a function's limits: what is absent gets its default, what is outside its range is a problem
 * (ranges: `functionLimitRanges`). Pure.
 */
import { FieldReader, parsedUnless } from "./field-reader.ts";
import { eventLimits, functionLimitRanges, type FunctionLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** What event functions have where nobody said, instead of the defaults of hooks (interfaces.md §3.7). */
export const eventFunctionLimits: Partial<FunctionLimits> = {
  concurrency: eventLimits.concurrencyDefault,
  cpuMs: eventLimits.cpuMsDefault,
};

/** `undefined` gives the defaults; `defaults` are other ones. Problem paths start with `limits`. */
export function parseFunctionLimits(input: unknown, defaults: Partial<FunctionLimits> = {}): Parsed<FunctionLimits> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input ?? {}, { path: "limits", problems });
  const entries = Object.entries(functionLimitRanges).map(([key, range]) => {
    const byDefault = defaults[key as keyof FunctionLimits] ?? range.default;
    return [key, fields.integer(key, { ...range, default: byDefault })];
  });
  fields.finish();
  return parsedUnless(problems, Object.fromEntries(entries) as FunctionLimits);
}
