/**
 * Reads what `wrk --latency` prints. Pure.
 *
 * wrk leaves out the lines about errors when there were none, and everything else is always there: a line that
 * is missing means the output is not wrk's, and that is an error, not a zero.
 */
import type { LoadResult } from "./load-result.ts";

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** @throws Error when a line that wrk always prints is missing. */
export function parseWrkOutput(text: string): LoadResult {
  return {
    requests: Number(required(text, /^\s*(\d+) requests in /m, "the number of requests")),
    requestsPerSecond: Number(required(text, /^Requests\/sec:\s*([\d.]+)/m, "Requests/sec")),
    failures: socketErrors(text) + Number(/^\s*Non-2xx or 3xx responses: (\d+)/m.exec(text)?.[1] ?? 0),
    latencyMs: { p50: latency(text, "50"), p99: latency(text, "99") },
  };
}

function socketErrors(text: string): number {
  const match = /^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/m.exec(text);
  return (match ?? []).slice(1).reduce((sum, count) => sum + Number(count), 0);
}

function latency(text: string, percent: string): number {
  const match = new RegExp(String.raw`^\s*${percent}%\s+([\d.]+)(us|ms|s|m|h)\s*$`, "m").exec(text);
  const factor = MILLISECONDS[match?.[2] ?? ""];
  if (match?.[1] === undefined || factor === undefined) throw missing(`the ${percent}% latency`, text);
  return Number(match[1]) * factor;
}

function required(text: string, pattern: RegExp, what: string): string {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw missing(what, text);
  return value;
}

function missing(what: string, text: string): Error {
  return new Error(`Cannot read wrk's output: ${what} is missing: received ${JSON.stringify(text.slice(0, 400))}`);
}
