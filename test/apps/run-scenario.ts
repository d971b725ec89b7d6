/** Carries out the steps of one scenario against a running edge and holds every answer against what is expected. */
import { request as sendHttp, type IncomingMessage } from "node:http";
import { unzipSync } from "node:zlib";
import { expect } from "vitest";
import { waitFor } from "../../bench/harness/wait-for.ts";
import type { Backend, KeptRequest } from "./backend.ts";
import { driveSocket } from "./drive-socket.ts";
import type { ReceivedRequest, ScenarioAnswer, ScenarioExchange, Step, StreamPiece } from "./scenario.ts";

const ANSWER_MS_MAX = 15_000;
const RECEIVED_MS_MAX = 5_000;
const EVENTUALLY_MS_MAX = 10_000;

export interface AppUnderTest {
  readonly name: string;
  readonly domain: string;
  readonly edgeUrl: string;
  readonly backend: Backend;
  /** What earlier answers left for later requests. */
  readonly kept: Map<string, string>;
}

interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** @throws AssertionError when an answer is not the expected one. */
export async function runStep(app: AppUnderTest, step: Step): Promise<void> {
  await Promise.all([step, ...step.alongside].map((exchange) => runUntilExpected(app, exchange)));
}

async function runUntilExpected(app: AppUnderTest, exchange: ScenarioExchange): Promise<void> {
  if (!exchange.eventually) return runExchange(app, exchange);
  const look = (): Promise<true> => runExchange(app, exchange).then(() => true);
  await waitFor(look, { what: exchange.name, deadlineMs: EVENTUALLY_MS_MAX });
}

async function runExchange(app: AppUnderTest, exchange: ScenarioExchange): Promise<void> {
  if (exchange.socket !== undefined) {
    const { domain, edgeUrl } = app;
    return driveSocket({ domain, edgeUrl, path: exchange.request.path }, exchange.socket);
  }
  app.backend.takeRequests(app.name);
  const answer = await send(app, exchange);
  checkAnswer(answer, exchange.answer);
  for (const [name, pattern] of Object.entries(exchange.keep ?? {})) {
    const value = new RegExp(pattern).exec(printed(answer))?.[1];
    if (value === undefined) throw new Error(`The answer has no ${name}: ${pattern} is not in ${printed(answer)}`);
    app.kept.set(name, value);
  }
  if (exchange.received !== undefined) await checkReceived(app, exchange.received);
}

async function send(app: AppUnderTest, { request, stream = [] }: ScenarioExchange): Promise<WholeAnswer> {
  const { json, text, base64 } = request;
  const body = json === undefined ? (text ?? "") : JSON.stringify(json);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, filled(app, value)]);
  const outgoing = sendHttp(`${app.edgeUrl}${filled(app, request.path)}`, {
    method: request.method,
    headers: {
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(Object.fromEntries(headers) as Record<string, string>),
      host: app.domain,
    },
    agent: false,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once("error", reject);
  outgoing.once("response", resolve);
  outgoing.end(base64 === undefined ? filled(app, body) : Buffer.from(base64, "base64"));
  const incoming = await promise;
  const distinct = Object.entries(incoming.headersDistinct);
  return {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(distinct.map(([name, values]) => [name, (values ?? []).join(", ")])),
    body: await readBody(app, { incoming, pieces: [...stream] }),
  };
}

/** Reads to the end or until the client leaves (which ends the loop and with it the connection), opening what the pieces open as soon as each has come. */
async function readBody(
  app: AppUnderTest,
  { incoming, pieces }: { readonly incoming: IncomingMessage; readonly pieces: StreamPiece[] },
): Promise<Buffer> {
  let body = Buffer.alloc(0);
  for await (const chunk of incoming) {
    body = Buffer.concat([body, chunk as Buffer]);
    for (let piece = pieces[0]; piece !== undefined && body.includes(piece.until); piece = pieces[0]) {
      for (const early of piece.lacks) expect(body.toString()).not.toContain(early);
      if (piece.leaves) return body;
      if (piece.opens !== undefined) app.backend.open(app.name, piece.opens);
      pieces.shift();
    }
  }
  const missing = pieces.map(({ until }) => until);
  expect({ missing, body: body.toString() }).toMatchObject({ missing: [] });
  return body;
}

function checkAnswer(answer: WholeAnswer, expected: ScenarioAnswer): void {
  const text = answer.body.toString();
  const names = Object.keys(expected.headers);
  const headers = Object.fromEntries(names.map((name) => [name, answer.headers[name] ?? null]));
  expect({ status: answer.status, headers, text }).toEqual({
    status: expected.status,
    headers: expected.headers,
    text: expected.text ?? text,
  });
  if (expected.json !== undefined) expect(JSON.parse(text)).toEqual(expected.json);
  if (expected.jsonPart !== undefined) expect(JSON.parse(text)).toMatchObject(expected.jsonPart as object);
  if (expected.unpacked !== undefined) expect(unzipSync(answer.body).toString()).toBe(expected.unpacked);
  for (const part of expected.contains) expect(text).toContain(part);
  for (const part of expected.lacks) expect(text).not.toContain(part);
}

/** What is sent after the answer (`waitUntil`) may come later than it. */
async function checkReceived(app: AppUnderTest, expected: readonly ReceivedRequest[]): Promise<void> {
  const requests: KeptRequest[] = [];
  await waitFor(
    () => {
      requests.push(...app.backend.takeRequests(app.name));
      return Promise.resolve(requests.length >= expected.length ? true : null);
    },
    { what: `${expected.length} requests at the backend`, deadlineMs: RECEIVED_MS_MAX, everyMs: 10 },
  );
  const byPath = requests.toSorted((a, b) => a.path.localeCompare(b.path));
  const wanted = expected.toSorted((a, b) => a.path.localeCompare(b.path));
  expect(byPath.map(({ path }) => path)).toEqual(wanted.map(({ path }) => path));
  for (const [index, request] of wanted.entries()) checkRequest(byPath[index], request);
}

function checkRequest(request: KeptRequest | undefined, expected: ReceivedRequest): void {
  const { method = request?.method, query = request?.query, headers, text = request?.body } = expected;
  expect(request).toMatchObject({ method, query, headers, body: text });
  const body = request?.body ?? "";
  if (expected.jsonPart !== undefined) expect(JSON.parse(body)).toMatchObject(expected.jsonPart as object);
  for (const part of expected.contains) expect(body).toContain(part);
  for (const part of expected.lacks) expect(body).not.toContain(part);
}

/** `${name}` → what was kept under that name. */
function filled(app: AppUnderTest, text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = app.kept.get(name);
    if (value === undefined) throw new Error(`Nothing was kept as ${name}`);
    return value;
  });
}

function printed({ headers, body }: WholeAnswer): string {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${head.join("\n")}\n\n${body.toString()}`;
}
