/**
 * The stack trace in an event function's error, in positions of the author's files instead of the bundle's (interfaces.md §1.3). What is not such
 * an error passes as it is: the text is the function's own.
 */
import { eventHeaders } from "../../sdk/event-answer.ts";
import type { InvokeResult } from "../../sdk/desired-state.ts";

/** `mapStack` maps a stack as V8 prints it. */
export async function mapEventStack(
  outcome: InvokeResult["outcome"],
  mapStack: (stack: string) => Promise<string>,
): Promise<InvokeResult["outcome"]> {
  if (outcome.kind !== "response" || !isFailure(outcome.headers)) return outcome;
  const error = parseError(Buffer.from(outcome.body, "base64").toString());
  if (error === null) return outcome;
  const stack = await mapStack(["Error", ...error.stackTrace.map((line) => `    ${line}`)].join("\n"));
  const stackTrace = stack
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
  const body = JSON.stringify({ ...error, stackTrace }, null, 4);
  return { ...outcome, body: Buffer.from(body).toString("base64") };
}

function isFailure(headers: readonly (readonly [string, string])[]): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === eventHeaders.isFunctionError && value === "true");
}

interface EventError {
  readonly stackTrace: readonly string[];
}

function parseError(text: string): EventError | null {
  try {
    const value: unknown = JSON.parse(text);
    const lines: unknown = typeof value === "object" && value !== null && "stackTrace" in value && value.stackTrace;
    const isError = Array.isArray(lines) && lines.every((line) => typeof line === "string");
    return isError ? (value as EventError) : null;
  } catch {
    return null;
  }
}
