/** Reads what a rollout in steps is asked for. Pure; whether its versions exist is the store's to know. */
import { defaultAbortConditions, parseAbortCondition, type AbortCondition } from "../../sdk/abort-condition.ts";
import { readSticky } from "../../sdk/alias-grey-parser.ts";
import type { GreySticky } from "../../sdk/alias-grey.ts";
import { FieldReader, parsedUnless, showValue } from "../../sdk/field-reader.ts";
import { refuseVersionReference } from "../../sdk/function-name.ts";
import { stagedRolloutLimits } from "../../sdk/limits.ts";
import type { Parsed, Problem } from "../../sdk/problem.ts";

export interface AskedRollout {
  readonly to: string | undefined;
  readonly steps: readonly number[];
  readonly everySeconds: number;
  readonly conditions: readonly AbortCondition[];
  readonly sticky: GreySticky | null;
}

export function parseStagedRollout(input: unknown): Parsed<AskedRollout> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const { everySecondsMin: min, everySecondsMax: max } = stagedRolloutLimits;
  const asked: AskedRollout = {
    to: fields.optionalString("to", { check: refuseVersionReference }),
    steps: readSteps(fields),
    everySeconds: fields.integer("everySeconds", { min, max }),
    conditions: readConditions(fields),
    sticky: readSticky(fields),
  };
  fields.finish();
  return parsedUnless(problems, asked);
}

function readSteps(fields: FieldReader): readonly number[] {
  const { stepsMax } = stagedRolloutLimits;
  const steps = fields.items("steps", { itemsMax: stepsMax }).map(({ input }) => input);
  const isFine = steps.every(
    (step, index): step is number =>
      typeof step === "number" &&
      step > Number(index === 0 ? 0 : steps[index - 1]) &&
      step <= 100 &&
      Math.abs(Math.round(step * 100) - step * 100) < 1e-6,
  );
  if (isFine && steps.length > 0 && steps.at(-1) === 100) return steps;
  const allowed = `1..${stepsMax} growing percentages above 0 in steps of 0.01, the last one 100`;
  fields.report("steps", `received ${showValue(steps)}, allowed: ${allowed}`);
  return [];
}

function readConditions(fields: FieldReader): readonly AbortCondition[] {
  if (!fields.has("abortIf")) {
    fields.raw("abortIf");
    return defaultAbortConditions;
  }
  return fields.items("abortIf", { itemsMax: stagedRolloutLimits.conditionsMax }).flatMap(({ input }, index) => {
    const condition = parseAbortCondition(input);
    if (typeof condition !== "string") return [condition];
    fields.report(`abortIf[${index}]`, condition);
    return [];
  });
}
