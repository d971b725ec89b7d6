/** Audit records in JSON Schema; the types are in sdk/audit.ts. */
import { auditLevels, auditLimits, auditOutcomes } from "../../../sdk/audit.ts";
import { choice, integer, list, nullable, object, text, time, type JsonSchema } from "./json-schema.ts";

const word = text({ minLength: 1, maxLength: auditLimits.textCharsMax });
const moment = text({
  pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$",
  description: "ISO 8601 in UTC with milliseconds",
});
const filter = {
  from: moment,
  to: moment,
  actor: word,
  action: word,
  resource: word,
  level: choice(auditLevels),
  outcome: choice(auditOutcomes),
};
const sequence = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const limit = integer({ min: 1, max: auditLimits.pageMax, default: auditLimits.pageDefault });

export const auditFilter: JsonSchema = object(filter, { optional: Object.keys(filter) });
export const auditQuery: JsonSchema = object(
  { ...filter, before: sequence, limit },
  { optional: [...Object.keys(filter), "before", "limit"] },
);
export const auditPage: JsonSchema = object({
  records: list(
    object({
      sequence,
      time,
      actor: text(),
      tokenId: text(),
      action: text(),
      resource: text(),
      detail: text(),
      level: choice(auditLevels),
      outcome: choice(auditOutcomes),
      code: nullable(text()),
      requestId: text(),
    }),
  ),
  next: nullable(sequence),
});
