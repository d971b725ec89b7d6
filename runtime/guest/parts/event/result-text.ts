/** What an event function's result and errors look like to whoever called it (interfaces.md §1.3). Knows no handler and no bridge. */
import { eventCodes, eventHeaders } from "../../../../sdk/event-answer.ts";
import { eventLimits } from "../../../../sdk/limits.ts";
import { utf8Length } from "../../web/encoding/utf8.ts";
import { Response } from "../../web/fetch/response.ts";

/** What goes wrong, in the words of the system being implemented. */
export interface EventFailure {
  readonly code: number;
  readonly message: string;
  readonly type: string;
  /** As V8 prints it; shown only where the author's code threw. */
  readonly stack: string | null;
}

/** The handler's result as the answer to who called it. */
export function answerOf(result: unknown): Response {
  const text = resultText(result);
  if (typeof text !== "string") return failureAnswer(text);
  const bytes = utf8Length(text);
  if (bytes > eventLimits.bytesMax) {
    const message = `response body size ${bytes} exceeds the limit of ${eventLimits.bytesMax}`;
    return failureAnswer({ code: eventCodes.resultTooLarge, message, type: "FunctionResultError", stack: null });
  }
  return respond(text, { status: 200, code: eventCodes.ok, isFunctionError: false });
}

/** Strings as they are, objects as JSON, everything else as `String` has it; nothing for undefined. */
function resultText(result: unknown): string | EventFailure {
  if (result === undefined) return "";
  if (typeof result === "string") return result;
  if (typeof result !== "object" || result === null) return primitiveText(result);
  try {
    return JSON.stringify(result) ?? "";
  } catch (error) {
    const { message, type } = thrownParts(error);
    // V8 goes on to draw the circle; the first line is what the system being implemented says.
    const [first = ""] = message.split("\n", 1);
    return {
      code: eventCodes.resultInvalid,
      message: `function result is invalid, error: ${first}`,
      type,
      stack: null,
    };
  }
}

export function failureAnswer({ code, message, type, stack }: EventFailure): Response {
  const lines = stack === null ? null : stackLines(stack);
  const shown = { errorMessage: message, errorType: type, ...(lines === null ? {} : { stackTrace: lines }) };
  return respond(JSON.stringify(shown, null, 4), { status: 500, code, isFunctionError: true });
}

function respond(
  text: string,
  {
    status,
    code,
    isFunctionError,
  }: { readonly status: number; readonly code: number; readonly isFunctionError: boolean },
): Response {
  return new Response(text, {
    status,
    headers: {
      "content-type": "application/json",
      [eventHeaders.code]: String(code),
      [eventHeaders.isFunctionError]: String(isFunctionError),
    },
  });
}

/** Whatever was thrown: an error's message and name, or the thing itself as text. */
export function thrownParts(error: unknown): {
  readonly message: string;
  readonly type: string;
  readonly stack: string;
} {
  try {
    if (error instanceof Error) {
      return { message: textOf(error.message), type: textOf(error.name), stack: textOf(error.stack) };
    }
    return { message: textOf(error), type: typeof error === "object" ? "Object" : "Error", stack: "" };
  } catch {
    return { message: "an error that cannot be shown", type: "Error", stack: "" };
  }
}

const textCharsMax = 16_384;

function textOf(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : primitiveText(value ?? "");
  return (text ?? "").slice(0, textCharsMax);
}

/** Of anything but an object: a function is its source. */
function primitiveText(value: unknown): string {
  return typeof value === "symbol" ? value.toString() : `${value as boolean | number | string | null | undefined}`;
}

/** The frames alone. */
function stackLines(stack: string): readonly string[] {
  return stack
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
}
