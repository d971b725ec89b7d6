/**
 * Bounds of what the guest says. The host checks again; but what crosses is copied on threads that all functions share, so that what is much
 * too large must not get that far.
 */
import { messageLimits } from "../../../sdk/limits.ts";

/** At most one log line of it. */
export function oneLine(text: string): string {
  return text.length > messageLimits.logLineCharsMax ? text.slice(0, messageLimits.logLineCharsMax) : text;
}

/** Why this header text may not be sent, or null. */
export function headersRefusal({ length }: string): string | null {
  const { headerBytesMax } = messageLimits;
  return length > headerBytesMax ? `The headers have ${length} bytes, allowed ${headerBytesMax}` : null;
}

/** Why this URL may not be asked for, or null. */
export function urlRefusal({ length }: string): string | null {
  const { urlBytesMax } = messageLimits;
  return length > urlBytesMax ? `The URL has ${length} bytes, allowed ${urlBytesMax}` : null;
}
