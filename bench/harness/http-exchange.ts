/**
 * One HTTP/1.1 request to loopback and its whole answer, with the time to its first and last byte.
 *
 * Uses node:http because a scenario must set Host, must see every header as sent, and must not have a body decoded.
 */
import { request, type Agent } from "node:http";

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const DEADLINE_MS = 60_000;

export interface Exchange {
  readonly url: string;
  readonly method?: string;
  /** Default: the URL's own. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default 60 s, for the whole answer. */
  readonly deadlineMs?: number;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated lines joined with `, `, except set-cookie with a line feed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From sending the request to the head of the answer. */
  readonly headMs: number;
  /** From sending the request to the last byte. */
  readonly totalMs: number;
}

/** @throws Error when there is no whole answer within the deadline. */
export function sendRequest(exchange: Exchange): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const startedAt = performance.now();
  const outgoing = request(exchange.url, {
    method: exchange.method ?? "GET",
    headers: { ...exchange.headers, ...(exchange.host === undefined ? {} : { host: exchange.host }) },
    agent: exchange.agent ?? false,
    signal: AbortSignal.timeout(exchange.deadlineMs ?? DEADLINE_MS),
  });
  outgoing.once("error", reject);
  outgoing.once("response", (incoming) => {
    const headMs = performance.now() - startedAt;
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) incoming.destroy(new Error(`The answer is larger than ${BODY_BYTES_MAX} bytes`));
      else chunks.push(chunk);
    });
    incoming.once("error", reject);
    incoming.once("end", () => {
      resolve({
        status: incoming.statusCode ?? 0,
        headers: flatten(incoming.headersDistinct),
        body: Buffer.concat(chunks),
        headMs,
        totalMs: performance.now() - startedAt,
      });
    });
  });
  outgoing.end(exchange.body);
  return promise;
}

function flatten(headers: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, (values ?? []).join(name === "set-cookie" ? "\n" : ", ")]),
  );
}
