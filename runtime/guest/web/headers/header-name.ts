/**
 * Header names in the forms that a HeaderList looks for.
 *
 * Names repeat on every request, so the last few hundred are remembered: that halves the cost of `get` and of filling headers.
 * The memory holds results of a pure function only, and is emptied when it is full.
 */
import { isHeaderName } from "../../../../sdk/header-text.ts";
import { toPrintable } from "../core/webidl.ts";

export interface HeaderName {
  /** In lower case. */
  readonly name: string;
  /** `name:`, how its line begins. */
  readonly start: string;
  /** `\nname:`, how its line begins after another one. */
  readonly inner: string;
}

const NAMES_MAX = 512;
const known = new Map<string, HeaderName>();

/** Throws a TypeError when `text` is not a field name. */
export function headerName(text: string): HeaderName {
  return known.get(text) ?? learn(text);
}

/** The entry of a name that was seen lately, or undefined: says nothing about whether it is one. */
export function knownHeaderName(text: string): HeaderName | undefined {
  return known.get(text);
}

export const contentTypeName: HeaderName = { name: "content-type", start: "content-type:", inner: "\ncontent-type:" };

function learn(text: string): HeaderName {
  if (!isHeaderName(text)) throw new TypeError(`Cannot use a header: ${toPrintable(text)} is not a valid header name`);
  const name = text.toLowerCase();
  const entry: HeaderName = { name, start: `${name}:`, inner: `\n${name}:` };
  if (text.length > 64) return entry;
  if (known.size >= NAMES_MAX) known.clear();
  known.set(text, entry);
  return entry;
}
