/**
 * Clients that ask without end, as a load balancer before several nodes would have it: what one node refuses, breaks off or leaves unanswered is
 * asked of the next node, because GET is safe.
 *
 * A request has failed when no node gave a whole answer, or the answer was wrong: a status other than 200 or a body of no version that was ever
 * published. An answer is never asked for again, whatever its status.
 */
import { setTimeout as delay } from "node:timers/promises";
import { sendRequest } from "../harness/http-exchange.ts";

export interface RequestLoadOptions {
  /** Base URLs of the nodes. */
  readonly nodes: readonly string[];
  readonly host: string;
  /** The largest number that a publish was asked for with. */
  readonly newest: () => number;
  readonly signal: AbortSignal;
}

export interface RequestCounts {
  requests: number;
  /** No node gave an answer, or it was wrong. */
  failed: number;
  /** Single attempts that a node refused, broke off or left unanswered: what a client of one node alone would have seen. */
  attemptsFailed: number;
  /** The first few failures, for people. */
  readonly examples: string[];
  readonly reasons: Map<string, number>;
}

const clients = 8;
const pauseMs = 20;
const attemptMs = 10_000;
const examplesMax = 10;

/** Runs until the signal, and every request to its end. */
export async function runRequestLoad(options: RequestLoadOptions): Promise<RequestCounts> {
  const counts: RequestCounts = { requests: 0, failed: 0, attemptsFailed: 0, examples: [], reasons: new Map() };
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let round = client; !options.signal.aborted; round++) {
        await askOnce(options, { counts, round });
        await delay(pauseMs);
      }
    }),
  );
  return counts;
}

async function askOnce(
  { nodes, host, newest }: RequestLoadOptions,
  { counts, round }: { readonly counts: RequestCounts; readonly round: number },
): Promise<void> {
  const path = `/r${String(counts.requests++)}`;
  const seen: string[] = [];
  for (let attempt = 0; attempt < nodes.length; attempt++) {
    const node = nodes[(round + attempt) % nodes.length] ?? "";
    try {
      const { status, body } = await sendRequest({ url: `${node}${path}`, host, deadlineMs: attemptMs });
      const problem = judgeAnswer({ status, body: body.toString() }, { path, newest: newest() });
      if (problem === null) return;
      seen.push(`${node}: ${problem}`);
      break;
    } catch (error) {
      const reason = reasonOf(error);
      counts.attemptsFailed++;
      counts.reasons.set(reason, (counts.reasons.get(reason) ?? 0) + 1);
      seen.push(`${node}: ${reason}`);
    }
  }
  counts.failed++;
  if (counts.examples.length < examplesMax) counts.examples.push(`${path}: ${seen.join("; ")}`);
}

/** What is wrong with an answer, or null. */
export function judgeAnswer(
  { status, body }: { readonly status: number; readonly body: string },
  { path, newest }: { readonly path: string; readonly newest: number },
): string | null {
  const [, number] = /^v(\d{1,9}) /.exec(body) ?? [];
  if (status === 200 && number !== undefined && Number(number) <= newest && body.endsWith(` ${path}`)) return null;
  return `status ${String(status)}, ${JSON.stringify(body.slice(0, 200))}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
