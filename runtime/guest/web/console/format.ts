/**
 * The arguments of a console call as one line (https://console.spec.whatwg.org/#formatter): plain text at once, everything else by the
 * part that knows how.
 */
import { loadPart } from "../../parts/load-part.ts";

const charsMax = 16_384;

export function formatLog(values: readonly unknown[]): string {
  const text = values.length === 1 ? values[0] : undefined;
  return typeof text === "string" && text.length <= charsMax ? text : loadPart("inspect").formatLog(values);
}

/** Any value as text, in the style of Node's `util.inspect`. */
export function inspect(value: unknown): string {
  return loadPart("inspect").inspect(value);
}
