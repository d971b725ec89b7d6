/** Asynchronous calls, their configuration, queues, and what nodes report of calls, in JSON Schema; the types are in sdk/calls.ts. */
import { callStates } from "../../../sdk/calls.ts";
import { callLimits, destinationLimits } from "../../../sdk/call-limits.ts";
import { boolean, choice, integer, list, literal, nullable, number, object, text, time, union } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { nodeName } from "./node-schemas.ts";

export const callAccepted: JsonSchema = object({ requestId: text() });

const condition = choice(["success", "failure"]);
const sentDestination = object({
  condition,
  kind: choice(["function", "http", "queue"]),
  state: choice(["pending", "sent", "failed"]),
  message: text(),
});

export const callResource: JsonSchema = object({
  requestId: text(),
  function: text(),
  qualifier: text(),
  state: choice(callStates),
  createdAt: time,
  startedAt: nullable(time),
  endedAt: nullable(time),
  dueAt: nullable(time),
  attempts: integer({ min: 0 }),
  depth: integer({ min: 0 }),
  durationMs: nullable(number),
  errorCode: text(),
  errorMessage: text(),
  destination: nullable(sentDestination),
});

export const callPage: JsonSchema = object({ calls: list(callResource), next: nullable(text()) });

export const callQuery: JsonSchema = object(
  {
    function: text({ minLength: 1, maxLength: 256 }),
    state: choice(callStates),
    limit: integer({ min: 1, max: callLimits.pageMax }),
    cursor: text({ minLength: 1, maxLength: 64 }),
  },
  { optional: ["function", "state", "limit", "cursor"] },
);

/** Checked by `parseAsyncConfig`, which says more than a schema can. */
export const asyncConfigInput: JsonSchema = {
  type: "object",
  description:
    "{retries, maxAgeSeconds, onSuccess, onFailure}; a destination is {kind: function, function, qualifier}, {kind: http, url} or {kind: queue, queue}",
};

const destination = object(
  {
    kind: choice(["function", "http", "queue"]),
    function: text(),
    qualifier: text(),
    url: text(),
    queue: text(),
  },
  { optional: ["function", "qualifier", "url", "queue"] },
);

export const asyncConfigResource: JsonSchema = object({
  function: text(),
  qualifier: nullable(text()),
  retries: integer({ min: callLimits.retries.min, max: callLimits.retries.max }),
  maxAgeSeconds: integer({ min: callLimits.maxAgeSeconds.min, max: callLimits.maxAgeSeconds.max }),
  onSuccess: nullable(destination),
  onFailure: nullable(destination),
  updatedAt: time,
});

export const qualifierQuery: JsonSchema = object(
  { qualifier: text({ minLength: 1, maxLength: 256 }) },
  { optional: ["qualifier"] },
);

export const messagesQuery: JsonSchema = object(
  {
    after: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }),
    limit: integer({ min: 1, max: destinationLimits.messagesPageMax, default: 100 }),
  },
  { optional: ["after", "limit"] },
);

export const throughQuery: JsonSchema = object({ through: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) });

export const queuePage: JsonSchema = object({
  messages: list(
    object({
      sequence: integer({ min: 1 }),
      createdAt: time,
      body: { description: "the record of a call that ended" },
    }),
  ),
});

export const callResults: JsonSchema = object({
  node: nodeName,
  results: list(
    object({
      id: text({ minLength: 1, maxLength: 128 }),
      outcome: union([
        object({
          kind: literal("answered"),
          status: integer({ min: 100, max: 999 }),
          eventCode: integer({ min: 0 }),
          isFunctionError: boolean,
          // In UTF-16 units at most as long as in bytes.
          text: text({ maxLength: callLimits.resultBytesMax }),
        }),
        object({ kind: literal("failed"), code: text({ maxLength: 64 }), message: text({ maxLength: 16_384 }) }),
      ]),
      durationMs: { type: "number", minimum: 0 },
    }),
    { maxItems: callLimits.batchMax },
  ),
});
