/**
 * `reportError` (https://html.spec.whatwg.org/#report-an-exception): errors that no caller can catch go to the listeners of the global
 * object's `error` event, and into the log unless one of them called preventDefault().
 */
import { hostPortOrNull } from "../../host-port.ts";
import { inspect } from "./format.ts";

type Notify = (error: unknown) => boolean;

let notify: Notify | null = null;
let isReporting = false;

/** Reports an uncaught error. At module top level there is no log, and nobody who could read it. */
export function reportError(error: unknown): void {
  // An error in an `error` listener is logged, not reported again.
  if (notify !== null && !isReporting) {
    isReporting = true;
    try {
      if (notify(error)) return;
    } finally {
      isReporting = false;
    }
  }
  hostPortOrNull()?.log("error", `Uncaught ${inspect(error)}`);
}

/** Called once by the global object's events: `listener` says whether the error was dealt with. */
export function onReportedError(listener: Notify): void {
  notify = listener;
}
