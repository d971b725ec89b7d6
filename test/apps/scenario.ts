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

export interface Scenario {
  /** Environment of the function; `${backend}` is the backend's URL. Default none. */
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** What answers on loopback when the app fetches. */
  readonly backend: readonly BackendRoute[];
  readonly steps: readonly Step[];
}

export interface BackendRoute {
  readonly path: string;
  /** Default 200. */
  readonly status: number;
  /** Default `{}`. */
  readonly json: unknown;
  /** Answers only when a step has opened this name. */
  readonly held?: string | undefined;
}

export interface Step extends ScenarioExchange {
  /** Sent at the same time as the step's own request. */
  readonly alongside: readonly ScenarioExchange[];
}

/** One request and what is expected of its answer. */
export interface ScenarioExchange {
  readonly name: string;
  readonly request: ScenarioRequest;
  readonly answer: ScenarioAnswer;
  /** What comes of the body, piece by piece, before `answer` is looked at. */
  readonly stream?: readonly StreamPiece[] | undefined;
  /** The request opens a WebSocket instead; `answer` is not looked at. */
  readonly socket?: { readonly protocols: readonly string[]; readonly steps: readonly SocketStep[] } | undefined;
  /** Asked again until the answer is the expected one. Default false. */
  readonly eventually: boolean;
  /** Name → first group of a pattern over the answer's head and body, for `${name}` in later requests. */
  readonly keep?: Readonly<Record<string, string>> | undefined;
  /** All requests that the backend got because of this one; those of one path in their order. */
  readonly received?: readonly ReceivedRequest[] | undefined;
}

export interface ScenarioRequest {
  /** Default GET. */
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body is one of these. */
  readonly text?: string | undefined;
  readonly json?: unknown;
  readonly base64?: string | undefined;
}

export interface ScenarioAnswer {
  /** Default 200. */
  readonly status: number;
  /** Name → value; null: there is none. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** All of the body as text, as JSON, as JSON as far as it is given, as what zlib unpacks it to. */
  readonly text?: unknown;
  readonly json?: unknown;
  readonly jsonPart?: unknown;
  readonly unpacked?: string | undefined;
  readonly contains: readonly string[];
  readonly lacks: readonly string[];
}

/** One piece of an answer that streams: it must have come before the held answer that it opens is given. */
export interface StreamPiece {
  readonly until: string;
  /** What may not have come yet. */
  readonly lacks: readonly string[];
  /** Name of the held answer that the backend gives now. */
  readonly opens?: string | undefined;
  /** The client closes the connection now; of the answer only the head is looked at. Default false. */
  readonly leaves: boolean;
}

/** What the client does and then waits for; the four in this order. */
export interface SocketStep {
  readonly sends?: string | undefined;
  readonly closes?: number | undefined;
  readonly receives?: unknown;
  readonly closed?: number | undefined;
}

export interface ReceivedRequest {
  readonly method?: string | undefined;
  /** Without its query. */
  readonly path: string;
  readonly query?: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text?: string | undefined;
  readonly jsonPart?: unknown;
  readonly contains: readonly string[];
  readonly lacks: readonly string[];
}

const texts = z.array(z.string()).default([]);
/** Values may be asymmetric matchers of vitest. */
const expectedHeaders = z.record(z.string(), z.unknown()).default({});
const textsByName = z.record(z.string(), z.string());

const exchangeShape = z.strictObject({
  name: z.string(),
  request: z.strictObject({
    method: z.string().default("GET"),
    path: z.string(),
    headers: textsByName.default({}),
    text: z.string().optional(),
    json: z.unknown().optional(),
    base64: z.string().optional(),
  }),
  answer: z
    .strictObject({
      status: z.number().default(200),
      headers: expectedHeaders,
      text: z.unknown().optional(),
      json: z.unknown().optional(),
      jsonPart: z.unknown().optional(),
      unpacked: z.string().optional(),
      contains: texts,
      lacks: texts,
    })
    .prefault({}),
  stream: z
    .array(
      z.strictObject({
        until: z.string(),
        lacks: texts,
        opens: z.string().optional(),
        leaves: z.boolean().default(false),
      }),
    )
    .optional(),
  socket: z
    .strictObject({
      protocols: texts,
      steps: z.array(
        z.strictObject({
          sends: z.string().optional(),
          closes: z.number().optional(),
          receives: z.unknown().optional(),
          closed: z.number().optional(),
        }),
      ),
    })
    .optional(),
  eventually: z.boolean().default(false),
  keep: textsByName.optional(),
  received: z
    .array(
      z.strictObject({
        method: z.string().optional(),
        path: z.string(),
        query: z.unknown().optional(),
        headers: expectedHeaders,
        text: z.string().optional(),
        jsonPart: z.unknown().optional(),
        contains: texts,
        lacks: texts,
      }),
    )
    .optional(),
});

const scenarioShape = z.strictObject({
  variables: textsByName.default({}),
  secrets: textsByName.default({}),
  backend: z
    .array(
      z.strictObject({
        path: z.string(),
        status: z.number().default(200),
        json: z.unknown().default({}),
        held: z.string().optional(),
      }),
    )
    .default([]),
  steps: z.array(exchangeShape.extend({ alongside: z.array(exchangeShape).default([]) })).min(1),
});

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
