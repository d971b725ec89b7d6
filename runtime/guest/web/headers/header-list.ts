/**
 * The header list behind a Headers object: one flat text (sdk/header-text.ts), changed only through here.
 *
 * Knows neither guards nor Web IDL. Invariant: no value holds NUL, CR or LF whatever is appended, and `changed` is false exactly as long as
 * the text is the one the list began with. Other control characters are in the Fetch standard's grammar of values but not in HTTP's
 * (RFC 9110 §5.5): the host refuses them when the message leaves.
 */
import { deleteHeader, headerEntries, type HeaderText } from "../../../../sdk/header-text.ts";
import { toPrintable } from "../core/webidl.ts";
import type { HeaderName } from "./header-name.ts";

let hasBrand: (value: object) => boolean;

export class HeaderList {
  text: HeaderText;
  changed: boolean = false;
  /** Sorted and combined, for iteration; thrown away at each change. */
  #sorted: readonly (readonly [string, string])[] | null = null;

  constructor(text: HeaderText) {
    this.text = text;
  }

  /** All values of `name` combined, or null. */
  get(name: HeaderName): string | null {
    const { text } = this;
    const at = lineOf(text, name);
    if (at < 0) return null;
    const start = at + name.start.length;
    const end = text.indexOf("\n", start);
    const first = text.slice(start, end);
    return text.includes(name.inner, end) ? this.getAll(name).join(", ") : first;
  }

  getAll(name: HeaderName): string[] {
    const { text } = this;
    const values: string[] = [];
    for (let at = lineOf(text, name); at >= 0;) {
      const start = at + name.start.length;
      const end = text.indexOf("\n", start);
      values.push(text.slice(start, end));
      const next = text.indexOf(name.inner, end);
      at = next < 0 ? -1 : next + 1;
    }
    return values;
  }

  has(name: HeaderName): boolean {
    return lineOf(this.text, name) >= 0;
  }

  /** Takes lines over while the list is being made: that is no change. */
  fill(lines: HeaderText): void {
    this.text = this.text === "" ? lines : this.text + lines;
  }

  append(name: HeaderName, value: string): void {
    this.#replace(`${this.text}${name.start}${value}\n`);
  }

  set(name: HeaderName, value: string): void {
    const others = this.has(name) ? deleteHeader(this.text, name.name) : this.text;
    this.#replace(`${others}${name.start}${value}\n`);
  }

  delete(name: HeaderName): void {
    if (this.has(name)) this.#replace(deleteHeader(this.text, name.name));
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

  static {
    hasBrand = (value) => #sorted in value;
  }
}

/** Looks at nothing of `value` that a proxy would see. */
export function isHeaderList(value: object): value is HeaderList {
  return hasBrand(value);
}

/** `value` without surrounding blanks. Throws a TypeError when it is not a value (https://fetch.spec.whatwg.org/#header-value). */
export function normalizeHeaderValue(name: string, value: string): string {
  if (isPlainValue(value)) return value;
  const trimmed = value.replaceAll(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  // eslint-disable-next-line no-control-regex -- the grammar is about control characters
  if (!/[^\u0001-\u00ff]|[\n\r]/.test(trimmed)) return trimmed;
  // eslint-disable-next-line no-control-regex -- the message tells the two kinds of invalid values apart
  const reason = /[^\u0000-\u00ff]/.test(value) ? "a character beyond U+00FF" : "NUL, CR or LF";
  throw new TypeError(`Cannot use the header ${name}: its value holds ${reason}: received ${toPrintable(value)}`);
}

/** Printable ASCII without a blank at either end; faster than the expressions for the values that headers have. */
export function isPlainValue(value: string): boolean {
  const last = value.length - 1;
  for (let i = 0; i <= last; i++) {
    const unit = value.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return last < 0 || (value.charCodeAt(0) !== 0x20 && value.charCodeAt(last) !== 0x20);
}

/** Where the first line of `name` begins, or -1. */
function lineOf(text: HeaderText, name: HeaderName): number {
  if (text.startsWith(name.start)) return 0;
  const at = text.indexOf(name.inner);
  return at < 0 ? -1 : at + 1;
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
