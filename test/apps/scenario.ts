/**
 * What an app's `scenario.yaml` says: what the app is published with, the backend it talks to, the requests it gets and the answers
 * that are expected. Read and checked here, carried out by `run-scenario.ts`.
 *
 * Expected values are literals. `!matches PATTERN` stands for any text that fits, where a value is random or a time.
 */
import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { parse, type ScalarTag } from "yaml";
import { z } from "zod";

/** A value of the scenario; may be an asymmetric matcher of vitest. */
const expected = z.unknown().optional();

const requestShape = z.strictObject({
  /** Default GET. */
  method: z.string().optional(),
  path: z.string(),
  headers: z.record(z.string(), z.string()).optional(),
  /** The body is one of these. */
  text: z.string().optional(),
  json: z.unknown().optional(),
  base64: z.string().optional(),
});

const answerShape = z.strictObject({
  /** Default 200. */
  status: z.number().optional(),
  /** Name → value; null: the header is absent. */
  headers: z.record(z.string(), z.unknown()).optional(),
  /** The body is what these say: all of the text, all of the JSON, the JSON as far as given, all bytes, parts of the text. */
  text: expected,
  json: expected,
  jsonPart: expected,
  base64: z.string().optional(),
  /** What zlib unpacks the body to. */
  unpacked: z.string().optional(),
  contains: z.array(z.string()).optional(),
  lacks: z.array(z.string()).optional(),
});

/** An answer that comes in pieces: each must be there before the held answer that it opens is given. */
const streamShape = z.array(
  z.strictObject({
    until: z.string(),
    /** What may not have come yet. */
    lacks: z.array(z.string()).optional(),
    /** Name of the held answer that the backend gives now. */
    opens: z.string().optional(),
  }),
);

const receivedShape = z.array(
  z.strictObject({
    method: z.string().optional(),
    path: z.string(),
    headers: z.record(z.string(), z.unknown()).optional(),
    text: z.string().optional(),
    jsonPart: expected,
  }),
);

const exchangeShape = z.strictObject({
  name: z.string(),
  request: requestShape,
  answer: answerShape.default({}),
  /** What comes of the body, piece by piece, before `answer` is looked at. */
  stream: streamShape.optional(),
  /** Name → first group of a pattern over the answer's head and body, for `${name}` in later requests. */
  keep: z.record(z.string(), z.string()).optional(),
  /** Requests that the backend got because of this one; the order between them is free. */
  received: receivedShape.optional(),
});

const stepShape = exchangeShape.extend({
  /** Sent at the same time as the step's own request. */
  alongside: z.array(exchangeShape).default([]),
});

const scenarioShape = z.strictObject({
  /** Environment of the function; `${backend}` is the backend's URL. */
  variables: z.record(z.string(), z.string()).default({}),
  secrets: z.record(z.string(), z.string()).default({}),
  /** What answers on loopback when the app fetches. */
  backend: z
    .array(
      z.strictObject({
        path: z.string(),
        status: z.number().default(200),
        headers: z.record(z.string(), z.string()).default({}),
        json: z.unknown().optional(),
        /** Answers only when a step has opened this name. */
        held: z.string().optional(),
      }),
    )
    .default([]),
  steps: z.array(stepShape),
});

export type Scenario = z.infer<typeof scenarioShape>;
export type Step = z.infer<typeof stepShape>;
export type ScenarioExchange = z.infer<typeof exchangeShape>;
export type ScenarioAnswer = z.infer<typeof answerShape>;
export type StreamPiece = z.infer<typeof streamShape>[number];
export type ReceivedRequest = z.infer<typeof receivedShape>[number];
export type BackendRoute = Scenario["backend"][number];

const matchesTag: ScalarTag = {
  tag: "!matches",
  resolve: (pattern: string): unknown => expect.stringMatching(new RegExp(pattern, "s")),
};

/** @throws Error that names the file and every wrong field. */
export async function readScenario(file: string): Promise<Scenario> {
  const parsed = scenarioShape.safeParse(parse(await readFile(file, "utf8"), { customTags: [matchesTag] }));
  if (!parsed.success) throw new Error(`Cannot read ${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
