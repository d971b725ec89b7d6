/** Single exchanges with servers on loopback, below everything that knows domains. */
import type net from "node:net";
import { emptyBody, type Body } from "../../../runtime/body.ts";
import { Connections, type ConnectionsOptions, type Place } from "../../../edge-node/origin/connections.ts";
import {
  startExchange,
  type AwaitedExchange,
  type ExchangeRequest,
  type ExchangeResult,
} from "../../../edge-node/origin/http-exchange.ts";
import { loopback } from "./edge.ts";

export const OK = "HTTP/1.1 200 OK\r\n";
export const EMPTY: string = `${OK}Content-Length: 0\r\n\r\n`;

export function openConnections(options: Partial<ConnectionsOptions> = {}): Promise<Connections> {
  return Promise.resolve(new Connections({ policy: loopback, ...options }));
}

export interface Sent extends Partial<ExchangeRequest> {
  readonly place?: Partial<Place>;
}

export function send(from: Connections, port: number, { place, ...change }: Sent = {}): AwaitedExchange {
  const pool = from.pool({ origin: `http://127.0.0.1:${port}`, serverName: "site.test", ...place });
  const request = { method: "GET", target: "/", headers: "host:site.test\n", body: emptyBody };
  return startExchange(pool, { ...request, headTimeoutMs: 1_000, idleTimeoutMs: 1_000, ...change });
}

export async function text(body: Body): Promise<string> {
  if (body.kind === "bytes") return Buffer.from(body.bytes).toString();
  if (body.kind !== "stream") return "";
  let result = "";
  for await (const chunk of body.chunks) result += Buffer.from(chunk).toString();
  return result;
}

/** The body, or the code of the failure. */
export async function outcome(running: { readonly result: Promise<ExchangeResult> }): Promise<string> {
  const result = await running.result;
  return result.kind === "failed" ? result.code : await text(result.body);
}

/** Answers each request of a connection with the next of `answers`; the last one is given again and again. */
export const answering =
  (...answers: readonly string[]) =>
  (socket: net.Socket): void => {
    let index = 0;
    const answer = (): void => {
      socket.write(answers[Math.min(index++, answers.length - 1)] ?? "", "latin1");
    };
    answer();
    socket.on("data", answer);
  };
