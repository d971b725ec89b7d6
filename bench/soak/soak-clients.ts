/**
 * Clients that ask without pause and check every answer: the body's key, version and bytes, the configuration it was sent under.
 *
 * What an answer may be depends on what was true when its request began: floors grow when a purge or a configuration is said to be everywhere.
 */
import { Agent, request, type IncomingMessage } from "node:http";
import { bodyKey, type Resource, type SoakOrigin } from "./soak-origin.ts";
import type { SoakLog } from "./soak-log.ts";
import { judgeBody, versionedBody } from "./versioned-body.ts";

export interface SoakPlan {
  readonly host: string;
  /** Base URLs of the nodes; loopback only. */
  readonly nodes: readonly string[];
  readonly resources: readonly Resource[];
  readonly origin: SoakOrigin;
  readonly log: SoakLog;
  /** Least version of a path that may still be served, once a purge of it was acknowledged. */
  readonly floors: ReadonlyMap<string, number>;
  /** Least number that `x-config` may say. */
  readonly configuration: { readonly floor: number };
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const DEADLINE_MS = 15_000;
const variants = ["a", "b", "c"] as const;

/** Runs `count` clients until the signal. */
export async function runClients(plan: SoakPlan, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  try {
    await Promise.all(Array.from({ length: count }, () => runClient(plan, agent)));
  } finally {
    agent.destroy();
  }
}

async function runClient(plan: SoakPlan, agent: Agent): Promise<void> {
  while (!plan.signal.aborted) await askOnce(plan, agent);
}

interface Question {
  readonly resource: Resource;
  readonly url: string;
  readonly variant: string;
  readonly mode: "whole" | "head" | "range" | "abort";
  readonly range: { readonly from: number; readonly to: number };
}

async function askOnce(plan: SoakPlan, agent: Agent): Promise<void> {
  const question = nextQuestion(plan);
  const { log, origin, now } = plan;
  const { path } = question.resource;
  const from = now();
  const floor = question.resource.kind === "never" ? origin.version(path) : (plan.floors.get(path) ?? 0);
  const configuration = plan.configuration.floor;
  log.requests++;
  const answer = await exchange(plan, { question, agent });
  const during = { from, to: now(), outages: origin.outages };
  if (answer.kind === "aborted") log.aborted++;
  else if (answer.kind === "failed") log.fail(`${path}: ${answer.detail}`, during);
  else if (answer.status >= 500)
    log.fail(`${path}: ${answer.status} ${answer.body.toString("latin1", 0, 200)}`, during);
  else check(plan, { question, answer, floor, configuration });
}

function nextQuestion({ random, resources, nodes }: SoakPlan): Question {
  // Squaring favours the first ones, as traffic does.
  const resource = pick(resources, random() ** 2);
  const node = pick(nodes, random());
  const variant = resource.kind === "vary" ? pick(variants, random()) : "";
  const dice = random();
  const mode = dice < 0.8 ? "whole" : dice < 0.88 ? "range" : dice < 0.95 ? "head" : "abort";
  const start = Math.floor(random() * (resource.bytes - 1));
  const range = { from: start, to: Math.min(resource.bytes - 1, start + Math.floor(random() * 2_000)) };
  return { resource, url: `${node}${resource.path}`, variant, mode, range };
}

function pick<T>(items: readonly T[], random: number): T {
  const item = items[Math.min(items.length - 1, Math.floor(random * items.length))];
  if (item === undefined) throw new Error("Cannot pick from an empty list");
  return item;
}

interface WholeAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Outcome = WholeAnswer | { readonly kind: "aborted" } | { readonly kind: "failed"; readonly detail: string };

function exchange(
  plan: SoakPlan,
  { question, agent }: { readonly question: Question; readonly agent: Agent },
): Promise<Outcome> {
  const { url, mode, variant, range } = question;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const outgoing = request(url, {
    agent,
    method: mode === "head" ? "HEAD" : "GET",
    signal: AbortSignal.timeout(DEADLINE_MS),
    headers: {
      host: plan.host,
      ...(variant === "" ? {} : { "x-kind": variant }),
      ...(mode === "range" ? { range: `bytes=${range.from}-${range.to}` } : {}),
    },
  });
  const fail = (error: Error): void => resolve({ kind: "failed", detail: error.message });
  outgoing.once("error", fail);
  outgoing.once("response", (incoming) => {
    const chunks: Buffer[] = [];
    incoming.once("error", fail);
    incoming.on("data", (chunk: Buffer) => {
      if (mode === "abort") {
        resolve({ kind: "aborted" });
        outgoing.destroy();
      } else chunks.push(chunk);
    });
    incoming.once("end", () => {
      const { statusCode: status = 0, headers } = incoming;
      resolve({ kind: "answer", status, headers, body: Buffer.concat(chunks) });
    });
  });
  outgoing.end();
  return promise;
}

function check(
  plan: SoakPlan,
  given: {
    readonly question: Question;
    readonly answer: WholeAnswer;
    readonly floor: number;
    readonly configuration: number;
  },
): void {
  const { log, origin } = plan;
  const { question, answer, floor, configuration } = given;
  const { path } = question.resource;
  log.bytes += answer.body.byteLength;
  log.countCache(String(answer.headers["cache-status"]));
  if (Number(answer.headers["x-config"] ?? -1) < configuration) {
    log.add("configuration", `${path}: x-config ${String(answer.headers["x-config"])}, expected ${configuration}`);
    return;
  }
  const version = versionIn(log, question, answer);
  if (version === null) return;
  if (version < floor)
    log.add(
      "old",
      `${path}: version ${version}, at least ${floor} expected; ${String(answer.headers["cache-status"])}`,
    );
  else if (version > origin.version(path))
    log.add("future", `${path}: version ${version}, the origin has ${origin.version(path)}`);
  else log.good++;
}

/** The version an answer is of; null when it is wrong, which is in the log then. */
function versionIn(log: SoakLog, question: Question, answer: WholeAnswer): number | null {
  const { resource, mode, variant, range } = question;
  const key = bodyKey(resource.path, variant);
  const named = Number(/^(?:W\/)?"(\d+)"$/.exec(String(answer.headers.etag))?.[1] ?? Number.NaN);
  if (mode === "head") {
    if (answer.status === 200 && Number.isInteger(named)) return named;
    log.add("torn", `HEAD ${key}: ${answer.status}, etag ${String(answer.headers.etag)}`);
    return null;
  }
  if (mode === "range" && answer.status === 206) {
    const whole = versionedBody(key, { version: named, bytes: resource.bytes });
    if (whole.subarray(range.from, range.to + 1).equals(answer.body)) return named;
    log.add("torn", `${key}: bytes ${range.from}-${range.to} of version ${named} differ`);
    return null;
  }
  const verdict = answer.status === 200 ? judgeBody(answer.body, key) : null;
  if (verdict?.kind === "whole") return verdict.version;
  log.add(verdict?.kind ?? "torn", verdict?.detail ?? `${key}: status ${answer.status}`);
  return null;
}
