/** Functions, environments, versions, aliases and invocations in JSON Schema; the types are in sdk/api.ts. */
import { memorySizesMax } from "../../../sdk/instance-limits.ts";
import { greySources } from "../../../sdk/alias-grey.ts";
import { egressEntryText } from "../../../sdk/egress.ts";
import { isolations } from "../../../sdk/isolation.ts";
import {
  controlLinkLimits,
  egressLimits,
  functionLimitRanges,
  messageLimits,
  publishLimits,
  storeLimits,
} from "../../../sdk/limits.ts";
import { hooks, phases } from "../../../sdk/phase.ts";
import { waitSecondsDefault, waitSecondsMax } from "../../rollout/revision-service.ts";
import {
  boolean,
  choice,
  digest,
  integer,
  list,
  literal,
  mapOf,
  nullable,
  number,
  object,
  text,
  time,
  union,
} from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { archivePlaces } from "./dependency-schemas.ts";
import { logRecord, revisionResource } from "./node-schemas.ts";

const description = text({ maxLength: storeLimits.descriptionCharsMax });
/** Grammar and existence are checked by the services, which say more than a pattern can. */
const name = text({ minLength: 1, maxLength: 256 });
export const waitSeconds: JsonSchema = integer({ min: 0, max: waitSecondsMax, default: waitSecondsDefault });

/** Names, ranges and what goes together are checked by `parseAliasGrey`, which says more than a pattern can. */
const greyInput: JsonSchema = {
  type: ["object", "null"],
  description:
    "{version, weight: 0..100, sticky?: {from: header | cookie, name}} or {version, combine?: all | any, rules: [{from?, name, op: = | in, value}]}",
};
const greyFrom = choice(greySources);
const greySticky = object({ from: greyFrom, name: text() });
const greyRule = object({ from: greyFrom, name: text(), op: choice(["=", "in"]), value: text() });
/** By weight or by rules. */
const grey = nullable(
  object(
    {
      by: choice(["weight", "rules"]),
      version: text(),
      weight: number,
      sticky: nullable(greySticky),
      combine: choice(["all", "any"]),
      rules: list(greyRule),
    },
    { optional: ["weight", "sticky", "combine", "rules"] },
  ),
);

export const aliasResource: JsonSchema = object({
  name: text(),
  version: text(),
  grey,
  previous: list(text()),
  updatedAt: time,
});

export const functionResource: JsonSchema = object({
  name: text(),
  description: text(),
  enabled: boolean,
  latest: nullable(text()),
  createdAt: time,
  aliases: list(aliasResource),
});
export const createFunction: JsonSchema = object({ name, description }, { optional: ["description"] });
export const functionUpdate: JsonSchema = object(
  { description, enabled: boolean },
  { optional: ["description", "enabled"] },
);

/** Keys and values are checked by `parseEnvironment`, which never shows a secret. */
export const environmentInput: JsonSchema = {
  type: "object",
  description: "{variables: {KEY: text}, secrets: {KEY: text, or null to keep the stored one}}",
};
export const environmentResource: JsonSchema = object({ variables: mapOf(text()), secrets: list(text()) });

const limitEntries = Object.entries(functionLimitRanges);
const limits = object(Object.fromEntries(limitEntries.map(([key, { min, max }]) => [key, integer({ min, max })])));
const limitsInput = object(
  Object.fromEntries(limitEntries.map(([key, range]) => [key, integer({ min: range.min, max: range.max })])),
  { optional: limitEntries.map(([key]) => key) },
);

const source = union([
  object({
    kind: literal("tree"),
    entry: text({ minLength: 1, maxLength: 1_024 }),
    files: list(object({ path: text({ minLength: 1, maxLength: 1_024 }), digest }), {
      minItems: 1,
      maxItems: publishLimits.sourceFilesMax,
    }),
  }),
  object({
    kind: literal("inline"),
    code: text({ maxLength: publishLimits.inlineBytesMax }),
    language: choice(["js", "ts"]),
  }),
  object({
    kind: literal("bundle"),
    code: text({ maxLength: publishLimits.bundleBytesMax }),
    sourceMap: nullable(text({ maxLength: publishLimits.requestBytesMax })),
  }),
  ...archivePlaces({ entry: text({ minLength: 1, maxLength: 1_024 }) }),
]);

/** Form and existence are checked by the publish service, which names the binding. */
const servicesInput: JsonSchema = {
  type: "object",
  description: "{NAME: {function, alias} or {function, version}}",
};
/** Entries are checked by the publish service, which says what is allowed. */
const egressList = list(text({ maxLength: egressLimits.entryCharsMax, description: egressEntryText }), {
  maxItems: egressLimits.entriesMax,
});
const egressInput = object({ allow: egressList, deny: egressList }, { optional: ["allow", "deny"] });
const handler = text({ maxLength: 257, description: "FILE.EXPORT, such as index.handler" });
const eventParameters = choice(["strict", "any"]);
const { min: sizeMin, max: sizeMax } = functionLimitRanges.memoryMiB;
/** Whoever sends an event may choose one of them. */
const memorySizes = list(integer({ min: sizeMin, max: sizeMax }), { maxItems: memorySizesMax });
const eventInput = object(
  {
    handler,
    initializer: handler,
    restore: handler,
    heartbeat: handler,
    parameters: eventParameters,
    memorySizesMiB: memorySizes,
  },
  { optional: ["handler", "initializer", "restore", "heartbeat", "parameters", "memorySizesMiB"] },
);
const dependenciesInput: JsonSchema = {
  type: "object",
  description: "{NAME: the number of a version}; where two hold a package of one name, the one named first gives it",
};
const services = mapOf(
  object({ function: text(), alias: text(), version: text() }, { optional: ["alias", "version"] }),
);

export const publishRequest: JsonSchema = object(
  {
    source,
    version: name,
    description,
    limits: limitsInput,
    services: servicesInput,
    dependencies: dependenciesInput,
    isolation: choice(isolations),
    allowEval: boolean,
    egress: egressInput,
    event: nullable(eventInput),
    aliases: list(name, { maxItems: storeLimits.aliasesPerFunctionMax }),
    snapshot: boolean,
    waitSeconds,
  },
  {
    optional: [
      "version",
      "description",
      "limits",
      "services",
      "dependencies",
      "isolation",
      "allowEval",
      "egress",
      "event",
      "aliases",
      "snapshot",
      "waitSeconds",
    ],
  },
);

export const versionResource: JsonSchema = object({
  function: text(),
  version: text(),
  description: text(),
  createdAt: time,
  digest,
  hooks: list(choice(hooks)),
  limits,
  services,
  dependencies: mapOf(integer({ min: 1 })),
  isolation: choice(isolations),
  allowEval: boolean,
  egress: object({ allow: nullable(list(text())), deny: list(text()) }),
  event: nullable(
    object({
      handler: text(),
      initializer: nullable(text()),
      restore: nullable(text()),
      heartbeat: nullable(text()),
      parameters: eventParameters,
      memorySizesMiB: memorySizes,
    }),
  ),
  moduleBytes: integer({ min: 0 }),
  snapshot: object({ state: choice(["ready", "off", "failed"]), bytes: integer({ min: 0 }), reason: text() }),
  aliases: list(text()),
});

export const snapshotResource: JsonSchema = object({
  version: nullable(text()),
  state: choice(["making", "ready", "off", "failed"]),
  bytes: integer({ min: 0 }),
  reason: text(),
});

export const publishResult: JsonSchema = object({
  version: versionResource,
  revision: integer({ min: 0 }),
  rollout: revisionResource,
  timings: object({ bundleMs: number, evaluateMs: number, storeMs: number, rolloutMs: number }),
  warnings: list(text()),
});

export const aliasInput: JsonSchema = object(
  { version: name, grey: greyInput, waitSeconds },
  { optional: ["grey", "waitSeconds"] },
);
export const rollbackInput: JsonSchema = object(
  { version: name, waitSeconds },
  { optional: ["version", "waitSeconds"] },
);
export const aliasChange: JsonSchema = object({
  alias: aliasResource,
  revision: integer({ min: 0 }),
  rollout: revisionResource,
});

const headers = list(
  { type: "array", items: text({ maxLength: messageLimits.headerBytesMax }), minItems: 2, maxItems: 2 },
  { maxItems: messageLimits.headerLinesMax },
);
const base64 = {
  pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
  maxLength: Math.ceil(messageLimits.bufferedBodyBytesMax / 3) * 4,
  description: "base64 with padding",
};

export const invokeInput: JsonSchema = object(
  {
    qualifier: name,
    phase: choice(phases),
    event: { description: "any JSON: the event of an event function, instead of a request" },
    async: boolean,
    memoryMiB: {
      type: "integer",
      description:
        "size of the instance, one of the version's event.memorySizesMiB; or the header X-Cff-Instance-Memory",
    },
    request: object({
      method: text({ pattern: "^[A-Z]{1,20}$", description: "an HTTP method in upper case" }),
      url: text({ minLength: 1, maxLength: messageLimits.urlBytesMax }),
      headers,
      body: nullable(text(base64)),
    }),
  },
  { optional: ["qualifier", "phase", "event", "async", "memoryMiB", "request"] },
);

export const invokeResult: JsonSchema = object({
  id: text({ minLength: 1, maxLength: 64 }),
  outcome: union([
    object({ kind: literal("response"), status: integer({ min: 100, max: 999 }), headers, body: text(base64) }),
    object({ kind: literal("continue") }),
    object({
      kind: literal("request"),
      method: text({ maxLength: 256 }),
      url: text({ maxLength: messageLimits.urlBytesMax }),
      headers,
    }),
    object({ kind: literal("failed"), code: text({ maxLength: 64 }), message: text({ maxLength: 16_384 }) }),
  ]),
  durationMs: { type: "number", minimum: 0 },
  // One invocation may write as many lines as characters.
  logs: list(logRecord, { maxItems: messageLimits.logCharsMax }),
});

export const invokeResults: JsonSchema = object({
  results: list(invokeResult, { maxItems: controlLinkLimits.resultsMax }),
});
