/**
 * What an engine answers a request of its front with: the JSON in a `done` frame (protocol.ts). A host is not trusted, so its shape is
 * checked here, and nothing but what belongs there goes on.
 */
import type { VersionStats } from "../driver.ts";
import { FrameError } from "./frame.ts";

/** Why an instance did not start. */
export interface StartFailureText {
  readonly message: string;
  readonly stack: string;
}

/** Statistics of ten thousand versions are a quarter of it. */
const jsonCharsMax = 16 * 1024 * 1024;
const messageCharsMax = 8_192;
const stackCharsMax = 16_384;

/** Null: all started, or nobody knows. @throws FrameError */
export function readStartFailure(json: string): StartFailureText | null {
  if (json === "") return null;
  const { message, stack } = recordOf(parsed(json));
  if (typeof message !== "string" || typeof stack !== "string")
    throw new FrameError("a start's failure has no message");
  return { message: message.slice(0, messageCharsMax), stack: stack.slice(0, stackCharsMax) };
}

/** @throws FrameError */
export function readStats(json: string): readonly VersionStats[] {
  if (json === "") return [];
  const rows = parsed(json);
  if (!Array.isArray(rows)) throw new FrameError("the statistics are no list");
  return rows.map((row) => readRow(recordOf(row)));
}

function readRow(row: Readonly<Record<string, unknown>>): VersionStats {
  const { key } = row;
  if (typeof key !== "string") throw new FrameError("a row of statistics has no key");
  return {
    key,
    instances: counter(row, "instances"),
    reserved: counter(row, "reserved"),
    active: counter(row, "active"),
    queued: counter(row, "queued"),
    invocations: counter(row, "invocations"),
    failures: counter(row, "failures"),
    rejected: counter(row, "rejected"),
    coldStarts: counter(row, "coldStarts"),
    cpuMs: counter(row, "cpuMs"),
    heartbeatMisses: counter(row, "heartbeatMisses"),
    retired: counter(row, "retired"),
  };
}

function counter(row: Readonly<Record<string, unknown>>, name: Exclude<keyof VersionStats, "key">): number {
  const value = row[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new FrameError(`a row of statistics has no ${name}`);
  return value;
}

function parsed(json: string): unknown {
  if (json.length > jsonCharsMax) throw new FrameError("an answer is longer than allowed");
  try {
    return JSON.parse(json);
  } catch {
    // Its message would quote what came.
    throw new FrameError("an answer is not JSON");
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new FrameError("an answer is no object");
  return value as Readonly<Record<string, unknown>>;
}
