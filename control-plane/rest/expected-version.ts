/** The version a change expects, from `If-Match` and `If-None-Match` (RFC 9110 §13.1): lost updates are refused instead of made. */
import type { FastifyRequest } from "fastify";
import { invalidInput } from "../control-error.ts";
import type { ExpectedVersion } from "../domains/domain-service.ts";

/** Undefined: none is expected. @throws ControlError INPUT_INVALID. */
export function expectedVersion({ headers }: FastifyRequest): ExpectedVersion | undefined {
  const match = headers["if-match"];
  const none = headers["if-none-match"];
  if (match !== undefined && none !== undefined) {
    throw invalidInput([{ path: "if-match", message: "is given with if-none-match, allowed: one of them" }]);
  }
  if (none !== undefined) {
    if (none.trim() === "*") return "none";
    throw invalidInput([{ path: "if-none-match", message: "allowed: *" }]);
  }
  if (match === undefined) return undefined;
  if (match.trim() === "*") return "any";
  const version = Number(/^\s*"?([1-9]\d{0,14})"?\s*$/.exec(match)?.[1]);
  if (Number.isSafeInteger(version)) return version;
  throw invalidInput([{ path: "if-match", message: 'allowed: a version such as "7", or *' }]);
}

/** The `ETag` of a version. */
export function versionTag(version: number): string {
  return `"${String(version)}"`;
}
