/** Rollouts in steps and counters of functions in JSON Schema; the types are in sdk/staged-rollout.ts and sdk/statistics.ts. */
import { greySources } from "../../../sdk/alias-grey.ts";
import { durationBucketCount } from "../../../sdk/duration-buckets.ts";
import { statisticsLimits } from "../../../sdk/limits.ts";
import { stagedRolloutStates } from "../../../sdk/staged-rollout.ts";
import { choice, integer, list, nullable, number, object, text, time, type JsonSchema } from "./json-schema.ts";
import { nodeName } from "./node-schemas.ts";
import { reservedGauge } from "./reserved-schemas.ts";

/** What is allowed is checked by `parseStagedRollout`, which says more than a pattern can. */
export const stagedRolloutInput: JsonSchema = {
  type: "object",
  description:
    "{to?, steps: [growing percentages, the last one 100], everySeconds, abortIf?: [error-rate>N%, p99>N%, p99>Nms], sticky?: {from, name}}",
};

const count = integer({ min: 0 });
const side = object({ version: text(), invocations: count, errors: count, p99Ms: nullable(number) });
export const stagedRolloutResource: JsonSchema = object({
  id: text(),
  function: text(),
  alias: text(),
  state: choice(stagedRolloutStates),
  reason: text(),
  steps: list(number),
  step: count,
  everySeconds: count,
  abortIf: list(text()),
  sticky: nullable(object({ from: choice(greySources), name: text() })),
  startedAt: time,
  stepStartedAt: time,
  endedAt: nullable(time),
  old: side,
  new: side,
});

export const statisticsPage: JsonSchema = object({
  seconds: count,
  functions: list(
    object({
      function: text(),
      version: text(),
      instances: count,
      active: count,
      queued: count,
      reserved: reservedGauge,
      invocations: count,
      errors: count,
      rejected: count,
      perSecond: number,
      p50Ms: nullable(number),
      p99Ms: nullable(number),
      nodes: count,
    }),
  ),
});

const { reportFrontsMax, reportVersionsMax } = statisticsLimits;
const name = text({ minLength: 1, maxLength: 256 });
const bucket = { type: "array", items: count, minItems: 2, maxItems: 2 };
export const nodeStatistics: JsonSchema = object({
  node: nodeName,
  fronts: list(
    object({
      front: count,
      tallies: list(
        object({
          function: name,
          version: name,
          invocations: count,
          errors: count,
          rejected: count,
          durations: list(bucket, { maxItems: durationBucketCount }),
        }),
        { maxItems: reportVersionsMax },
      ),
      gauges: nullable(
        list(
          object(
            {
              function: name,
              version: name,
              instances: count,
              active: count,
              queued: count,
              reserved: reservedGauge,
            },
            { optional: ["reserved"] },
          ),
          { maxItems: reportVersionsMax },
        ),
      ),
    }),
    { maxItems: reportFrontsMax },
  ),
});
