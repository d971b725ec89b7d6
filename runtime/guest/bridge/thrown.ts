/**
 * What can be thrown, as text for the host: never throws itself, and never longer than one log line.
 *
 * User code may have replaced what the types promise, and made a message as long as strings can be.
 */
import { oneLine } from "./outgoing-sizes.ts";

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return oneLine(String(message));
  } catch {
    return "an error that cannot be shown";
  }
}

/** The stack of an error; empty for anything else. */
export function stackOf(error: unknown): string {
  try {
    const stack: unknown = error instanceof Error ? error.stack : "";
    return typeof stack === "string" ? oneLine(stack) : "";
  } catch {
    return "";
  }
}

/** Stack or message, for a log line. */
export function describeThrown(error: unknown): string {
  const stack = stackOf(error);
  return stack === "" ? messageOf(error) : stack;
}
