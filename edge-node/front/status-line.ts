/** The status line's text for a code. */
import { STATUS_CODES } from "node:http";

const lines: readonly string[] = Array.from({ length: 600 }, (_, status) => `${status} ${STATUS_CODES[status] ?? ""}`);

/** `200 OK`; an unknown code has an empty reason (RFC 9112 §4). */
export function statusLine(status: number): string {
  return lines[status] ?? `${status} `;
}
