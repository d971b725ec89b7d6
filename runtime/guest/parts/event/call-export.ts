/**
 * Calls an exported function as Node.js authors write them: with a callback as the last argument, or returning a promise.
 *
 * Whichever completes first counts. A function that does neither never completes: its caller's wall limit ends it.
 */
import { eventCodes } from "../../../../sdk/event-answer.ts";
import { thrownParts, type EventFailure } from "./result-text.ts";

export type ExportedFunction = (this: unknown, ...values: readonly unknown[]) => unknown;

export type Completion =
  { readonly kind: "result"; readonly value: unknown } | { readonly kind: "failure"; readonly failure: EventFailure };

const promiseThen = Promise.prototype.then;
const { apply } = Reflect;

/** Never rejects. `thrown` says what a throw or a rejection is called. */
export function callExport(
  exported: ExportedFunction,
  { self, values, thrown }: { readonly self: unknown; readonly values: readonly unknown[]; readonly thrown: ThrownAs },
): Promise<Completion> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => {
      const { message, type, stack } = thrownParts(error);
      const failure = { code: thrown.code, message: `${thrown.prefix}${message}`, type, stack };
      resolve({ kind: "failure", failure });
    };
    // A first argument that is left out is an error too: as on the system being implemented, only null (or another false value) is none.
    const callback = (error: unknown = new Error("callback was called without arguments"), value?: unknown): void => {
      if (error) resolve({ kind: "failure", failure: callbackFailure(error) });
      else resolve({ kind: "result", value });
    };
    try {
      const returned = apply(exported, self, [...values, callback]);
      if (!isThenable(returned)) return;
      void apply(promiseThen, Promise.resolve(returned), [
        (value: unknown) => {
          resolve({ kind: "result", value });
        },
        fail,
      ]);
    } catch (error) {
      fail(error);
    }
  });
}

export interface ThrownAs {
  readonly code: number;
  readonly prefix: string;
}

/** An error that was handed over says that it was; a text stands for itself. */
function callbackFailure(error: unknown): EventFailure {
  const { message, type } = thrownParts(error);
  const shown = error instanceof Error ? `function entry exception, error: ${message}` : message;
  return { code: eventCodes.entry, message: shown, type, stack: null };
}

function isThenable(value: unknown): boolean {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { then?: unknown }).then === "function";
}
