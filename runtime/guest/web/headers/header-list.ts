/**
 * The header list behind a Headers object: one flat text (sdk/header-text.ts), changed only through here.
 *
 * Knows neither guards nor Web IDL. Invariant: the text is within the grammar of header-text.ts whatever is appended, and
 * `changed` is false exactly as long as the text is the one the list began with.
 */
import {
  appendHeader,
  deleteHeader,
  getAllHeaders,
  hasHeader,
  headerEntries,
  isHeaderName,
  isHeaderValue,
  setHeader,
  type HeaderText,
} from "../../../../sdk/header-text.ts";
import { toPrintable } from "../core/webidl.ts";

export class HeaderList {
  text: HeaderText;
  changed: boolean = false;
  /** Sorted and combined, for iteration; thrown away at each change. */
  #sorted: readonly (readonly [string, string])[] | null = null;

  constructor(text: HeaderText) {
    this.text = text;
  }

  /** All values of `name` (lower case) combined, or null. */
  get(name: string): string | null {
    const values = getAllHeaders(this.text, name);
    return values.length === 0 ? null : values.join(", ");
  }

  getAll(name: string): string[] {
    return getAllHeaders(this.text, name);
  }

  has(name: string): boolean {
    return hasHeader(this.text, name);
  }

  /** Takes lines over while the list is being made: that is no change. */
  fill(lines: HeaderText): void {
    this.text = this.text === "" ? lines : this.text + lines;
  }

  append(name: string, value: string): void {
    this.#replace(appendHeader(this.text, name, value));
  }

  set(name: string, value: string): void {
    this.#replace(setHeader(this.text, name, value));
  }

  delete(name: string): void {
    if (hasHeader(this.text, name)) this.#replace(deleteHeader(this.text, name));
  }

  /** The pair at `index` of the list sorted by name and combined, where each set-cookie stays alone (Fetch §2.2.2). */
  sortedAt(index: number): readonly [string, string] | undefined {
    this.#sorted ??= sortAndCombine(headerEntries(this.text));
    return this.#sorted[index];
  }

  #replace(text: HeaderText): void {
    this.text = text;
    this.changed = true;
    this.#sorted = null;
  }
}

/** `name` in lower case. Throws a TypeError when it is not a field name. */
export function normalizeHeaderName(name: string): string {
  if (!isHeaderName(name)) throw new TypeError(`Cannot use a header: ${toPrintable(name)} is not a valid header name`);
  return name.toLowerCase();
}

/** `value` without surrounding blanks. Throws a TypeError when it is not a field value in Latin-1. */
export function normalizeHeaderValue(name: string, value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  const trimmed = first <= 0x20 || last <= 0x20 ? trimBlanks(value) : value;
  if (isHeaderValue(trimmed)) return trimmed;
  // eslint-disable-next-line no-control-regex -- the message tells the two kinds of invalid values apart
  const reason = /[^\u0000-\u00ff]/.test(value) ? "a character beyond U+00FF" : "a control character";
  throw new TypeError(`Cannot use the header ${name}: its value holds ${reason}: received ${toPrintable(value)}`);
}

function trimBlanks(value: string): string {
  return value.replaceAll(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
}

function sortAndCombine(entries: [string, string][]): readonly (readonly [string, string])[] {
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const combined: [string, string][] = [];
  for (const [name, value] of entries) {
    const last = combined.at(-1);
    if (last !== undefined && last[0] === name && name !== "set-cookie") last[1] += `, ${value}`;
    else combined.push([name, value]);
  }
  return combined;
}
