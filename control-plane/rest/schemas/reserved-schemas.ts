/** Reserved instances in JSON Schema; the types are in sdk/reserved.ts. */
import { recommendedModes } from "../../../sdk/reserved.ts";
import { boolean, choice, integer, list, nullable, object, text, time, type JsonSchema } from "./json-schema.ts";

const count = integer({ min: 0 });
const range = { min: count, max: count };

/** Checked by `parseReservedConfig`, which says more than a schema can. */
export const reservedInput: JsonSchema = {
  type: "object",
  description:
    "{count, schedules: [{name, cron (six fields, UTC), count, start, expiry}], metric: {targetPercent 1..99, min, max} or null, recommended: {mode performance|balanced|cost, min, max} or null, idleMode}",
};

export const reservedResource: JsonSchema = object({
  function: text(),
  qualifier: text(),
  version: nullable(text()),
  count,
  schedules: list(object({ name: text(), cron: text(), count, start: time, expiry: time })),
  metric: nullable(object({ name: text(), targetPercent: count, ...range })),
  recommended: nullable(object({ mode: choice(recommendedModes), ...range })),
  idleMode: boolean,
  countNow: count,
  schedule: nullable(text()),
  wanted: count,
  running: count,
  updatedAt: time,
});

export const reservedChange: JsonSchema = object({ reservation: reservedResource, revision: count });

/** As nodes send it and as it is shown. */
export const reservedGauge: JsonSchema = object({ wanted: count, running: count });
