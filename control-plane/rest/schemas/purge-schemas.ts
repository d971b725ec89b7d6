/** Purges and preheats in JSON Schema; the types are in sdk/purge.ts. */
import { purgeLimits } from "../../../sdk/cdn-limits.ts";
import { purgePositionPattern } from "../../../sdk/purge-position.ts";
import { boolean, choice, integer, list, nullable, number, object, text, time, union } from "./json-schema.ts";
import { literal, type JsonSchema } from "./json-schema.ts";
import { nodeName } from "./node-schemas.ts";

const { targetsMax, preheatUrlsMax, waitSecondsMax, waitSecondsDefault } = purgeLimits;
const waitText = `0..${String(waitSecondsMax)}, default ${String(waitSecondsDefault)}`;

/** What is in it is checked by `parsePurge`, which reports all problems with their ranges. */
export const purgeInput: JsonSchema = {
  type: "object",
  description: "A PurgeInput.",
  properties: {
    type: { description: "url, directory, tag or all" },
    mode: { description: "hard (default): gone. soft: stale, served on only as a stale answer may be." },
    urls: { description: `url, directory: 1..${String(targetsMax)} absolute URLs of configured domains` },
    tags: { description: `tag: 1..${String(targetsMax)} tags` },
    domain: { description: "tag, all: only in this domain; default: in every domain" },
    waitSeconds: { description: `${waitText}: answer once every connected node did it or this time is over` },
  },
};

/** What is in it is checked by `parsePreheat`. */
export const preheatInput: JsonSchema = {
  type: "object",
  description: "A PreheatInput.",
  properties: {
    urls: { description: `1..${String(preheatUrlsMax)} absolute URLs of configured domains` },
    waitSeconds: { description: `${waitText}: answer once every node has reported or this time is over` },
  },
};

export const waitQuery: JsonSchema = object(
  { waitSeconds: integer({ min: 0, max: waitSecondsMax, default: 0 }) },
  { optional: ["waitSeconds"] },
);

const target = union([
  object({ kind: literal("url"), domain: text(), url: text() }),
  object({ kind: literal("directory"), domain: text(), path: text() }),
  object({ kind: literal("tag"), domain: nullable(text()), tag: text() }),
  object({ kind: literal("all"), domain: nullable(text()) }),
]);
const sequence = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const mode = choice(["soft", "hard"]);
const count = integer({ min: 0 });

export const purgeResource: JsonSchema = object({
  id: text(),
  sequence,
  createdAt: time,
  type: choice(["url", "directory", "tag", "all"]),
  mode,
  targets: list(target),
  nodesConnected: count,
  nodesDone: count,
  completeMs: nullable(number),
  nodes: list(object({ node: text(), connected: boolean, doneMs: nullable(number) })),
});

export const purgePositionText: JsonSchema = text({
  pattern: purgePositionPattern,
  description: "the last purge taken, as SEQUENCE.ID",
});

export const purgesMessage: JsonSchema = object({
  kind: literal("purges"),
  since: sequence,
  position: object({ sequence, id: text() }),
  everything: boolean,
  purges: list(object({ sequence, mode, targets: list(target) })),
});

/** `POST /v1/nodes/purge-acks`. */
export const purgeAck: JsonSchema = object({
  node: nodeName,
  sequence,
  id: text({ maxLength: 64 }),
  applyMs: { type: "number", minimum: 0 },
});

const preheatResult = object({
  url: text({ maxLength: 65_536 }),
  status: integer({ min: 0, max: 999 }),
  bytes: count,
  cacheStatus: text({ maxLength: 8_192 }),
  ms: { type: "number", minimum: 0 },
});

/** `POST /v1/nodes/preheat-results`. */
export const preheatReport: JsonSchema = object({
  id: text({ maxLength: 64 }),
  node: nodeName,
  results: list(preheatResult, { maxItems: preheatUrlsMax }),
});

export const preheatResource: JsonSchema = object({
  id: text(),
  createdAt: time,
  urls: list(text()),
  nodes: list(object({ node: text(), state: choice(["running", "done", "lost"]), results: list(preheatResult) })),
  nodesDone: count,
  completeMs: nullable(number),
});
