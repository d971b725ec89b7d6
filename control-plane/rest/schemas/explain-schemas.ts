/** Explanations in JSON Schema; the types are in sdk/explain.ts. */
import { errorCodes } from "../../../sdk/error-code.ts";
import { messageLimits } from "../../../sdk/limits.ts";
import {
  boolean,
  choice,
  integer,
  list,
  literal,
  nullable,
  object,
  text,
  union,
  type JsonSchema,
} from "./json-schema.ts";
import { nodeName } from "./node-schemas.ts";

const header: JsonSchema = list(text({ maxLength: messageLimits.headerBytesMax }), { minItems: 2, maxItems: 2 });

export const explainInput: JsonSchema = object(
  {
    url: text({ maxLength: messageLimits.urlBytesMax, description: "absolute, http or https" }),
    method: text({ minLength: 1, maxLength: 32, description: "default GET" }),
    headers: list(header, { maxItems: messageLimits.headerLinesMax }),
    clientIp: text({ maxLength: 64, description: "the client's address; default 127.0.0.1" }),
    run: { ...boolean, description: "run the clientRequest functions for real; default false" },
    node: nodeName,
  },
  { optional: ["method", "headers", "clientIp", "run", "node"] },
);

/** Bounds for what a node says; a step's name may be one of a newer node. */
const step: JsonSchema = object({
  step: text({ maxLength: 64 }),
  mark: choice(["ok", "stop", "note"]),
  text: text({ maxLength: 1_024 }),
  facts: list(object({ name: text({ maxLength: 256 }), value: text({ maxLength: messageLimits.headerBytesMax }) }), {
    maxItems: 1_000,
  }),
});
const revision = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const domain = nullable(text({ maxLength: 256 }));
const steps = list(step, { maxItems: 100 });

export const explanation: JsonSchema = object({
  node: text(),
  revision,
  domain,
  domainVersion: nullable(integer({ min: 1 })),
  steps,
});

export const explainReport: JsonSchema = object({
  id: text({ minLength: 1, maxLength: 128 }),
  outcome: union([
    object({ kind: literal("explained"), revision, domain, steps }),
    object({
      kind: literal("failed"),
      code: choice(Object.keys(errorCodes)),
      message: text({ maxLength: messageLimits.logLineCharsMax }),
    }),
  ]),
});
