/** Nodes, revisions, acknowledgements and log records in JSON Schema; the types are in sdk/api.ts and sdk/desired-state.ts. */
import { errorCodes } from "../../../sdk/error-code.ts";
import { messageLimits } from "../../../sdk/limits.ts";
import { calledHooks } from "../../../sdk/phase.ts";
import { boolean, choice, integer, list, literal, nullable, number, object, text, time } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const errorCode = choice(Object.keys(errorCodes));
const revisionNumber = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const short = text({ minLength: 1, maxLength: 256 });
const message = text({ maxLength: messageLimits.logLineCharsMax });

export const nodeName: JsonSchema = text({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
  description: 'at most 63 letters, digits, ".", "_" and "-", first a letter or digit',
});

const driver = choice(["process", "in-process"]);

export const nodeRegistration: JsonSchema = object({
  name: nodeName,
  selvageVersion: short,
  nodeVersion: short,
  runtimeKey: short,
  driver,
});

export const nodeResource: JsonSchema = object({
  name: text(),
  connected: boolean,
  revision: revisionNumber,
  lastSeenAt: time,
  selvageVersion: text(),
  nodeVersion: text(),
  driver,
  runtimeKey: text(),
});

const versionFailure = object({ function: short, version: short, code: errorCode, message });
const certificateFailure = object({ certificate: short, code: literal("CERTIFICATE_REFUSED"), message });

export const nodeAck: JsonSchema = object({
  node: nodeName,
  revision: revisionNumber,
  applyMs: { type: "number", minimum: 0 },
  failures: list({ anyOf: [versionFailure, certificateFailure] }, { maxItems: 1_000 }),
});

export const revisionResource: JsonSchema = object({
  revision: revisionNumber,
  createdAt: time,
  nodesConnected: integer({ min: 0 }),
  nodesServing: integer({ min: 0 }),
  completeMs: nullable(number),
  acks: list(nodeAck),
});

export const logLevels: readonly string[] = ["debug", "info", "warn", "error"];

/** As nodes send it and as it is shown. */
export const logRecord: JsonSchema = object(
  {
    time: { type: "number", minimum: 0 },
    node: text({ maxLength: 256 }),
    requestId: text({ maxLength: 256 }),
    function: text({ maxLength: 256 }),
    version: text({ maxLength: 256 }),
    phase: choice(calledHooks),
    kind: choice(["line", "error"]),
    level: choice(logLevels),
    // Cut by the log itself: one long record must not cost the node its whole batch, nor must a code of a newer node.
    message: text(),
    code: text({ maxLength: 64 }),
    stack: text(),
  },
  { optional: ["code", "stack"] },
);

/** `POST /v1/nodes/logs`. */
export const logBatch: JsonSchema = object({ records: list(logRecord, { maxItems: 10_000 }) });
export const logPage: JsonSchema = object({ records: list(logRecord) });
