/**
 * `reportError` (https://html.spec.whatwg.org/#report-the-exception): errors that no caller can catch end in the log.
 */
import { hostPortOrNull } from "../../host-port.ts";
import { inspect } from "./inspect.ts";

/** Logs an uncaught error. At module top level there is no log, and nobody who could read it. */
export function reportError(error: unknown): void {
  hostPortOrNull()?.log("error", `Uncaught ${inspect(error)}`);
}
