/**
 * Reads what `autocannon --json` prints. Pure.
 *
 * autocannon counts answers outside 2xx in `non2xx`, and connection errors with timeouts in `errors`; redirects count
 * as failures here because no scenario asks for one.
 */
import type { LoadResult } from "./load-result.ts";

/** @throws Error when the text is not autocannon's result. */
export function parseAutocannonOutput(text: string): LoadResult {
  const result = parseJson(text);
  const requests = group(result, "requests");
  const latency = group(result, "latency");
  return {
    requests: number(requests, "total"),
    requestsPerSecond: number(requests, "average"),
    failures: number(result, "errors") + number(result, "non2xx"),
    latencyMs: { p50: number(latency, "p50"), p99: number(latency, "p99") },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseJson(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Fields;
  } catch {
    // Falls through to the one message for everything that is not a result.
  }
  throw new Error(`Cannot read autocannon's output: not a JSON object: received ${JSON.stringify(text.slice(0, 400))}`);
}

function group(fields: Fields, key: string): Fields {
  const value = fields[key];
  if (typeof value !== "object" || value === null)
    throw new Error(`Cannot read autocannon's output: ${key} is missing`);
  return value as Fields;
}

function number(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number") throw new Error(`Cannot read autocannon's output: ${key} is not a number`);
  return value;
}
