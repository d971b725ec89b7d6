/**
 * Headers as one flat string: a sequence of `name:value\n`, names in lower case, values without surrounding blanks.
 *
 * This is the form headers have everywhere between the socket and the isolate, because one flat string crosses into an
 * isolate far cheaper than an object (DECISIONS.md). Names may repeat; the order is the order of arrival.
 * Invariant: a value holds no CR, LF or NUL, a name holds no colon; `isHeaderName` and `isHeaderValue` decide that at the border.
 */
export type HeaderText = string;

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// eslint-disable-next-line no-control-regex -- the grammar is about control characters
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether `name` is a field name (RFC 9110 §5.1: a token). */
export function isHeaderName(name: string): boolean {
  return NAME.test(name);
}

/** Whether `value` is a field value in Latin-1 (RFC 9110 §5.5); surrounding blanks are the caller's to strip. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/** The first value of `name` (lower case), or undefined. */
export function getHeader(text: HeaderText, name: string): string | undefined {
  const at = lineOf(text, name, 0);
  if (at < 0) return undefined;
  const start = at + name.length + 1;
  return text.slice(start, text.indexOf("\n", start));
}

/** All values of `name` (lower case) in order of arrival. */
export function getAllHeaders(text: HeaderText, name: string): string[] {
  const values: string[] = [];
  for (let at = lineOf(text, name, 0); at >= 0;) {
    const start = at + name.length + 1;
    const end = text.indexOf("\n", start);
    values.push(text.slice(start, end));
    at = lineOf(text, name, end + 1);
  }
  return values;
}

/** Whether `name` (lower case) occurs. */
export function hasHeader(text: HeaderText, name: string): boolean {
  return lineOf(text, name, 0) >= 0;
}

/** `text` without any line of `name` (lower case). */
export function deleteHeader(text: HeaderText, name: string): HeaderText {
  let result = text;
  for (let at = lineOf(result, name, 0); at >= 0; at = lineOf(result, name, at)) {
    result = result.slice(0, at) + result.slice(result.indexOf("\n", at) + 1);
  }
  return result;
}

/** `text` with exactly one line of `name` (lower case), at the end. Name and value must be valid already. */
export function setHeader(text: HeaderText, name: string, value: string): HeaderText {
  return `${deleteHeader(text, name)}${name}:${value}\n`;
}

/** `text` with one more line of `name` (lower case). Name and value must be valid already. */
export function appendHeader(text: HeaderText, name: string, value: string): HeaderText {
  return `${text}${name}:${value}\n`;
}

/** Calls `visit` for every line in order. */
export function forEachHeader(text: HeaderText, visit: (name: string, value: string) => void): void {
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(":", at);
    const end = text.indexOf("\n", colon);
    visit(text.slice(at, colon), text.slice(colon + 1, end));
    at = end + 1;
  }
}

/** The lines whose name `keep` takes, in order; `text` itself when it takes all. */
export function filterHeaders(text: HeaderText, keep: (name: string) => boolean): HeaderText {
  let result = "";
  let from = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at) + 1;
    if (!keep(text.slice(at, text.indexOf(":", at)))) {
      result += text.slice(from, at);
      from = end;
    }
    at = end;
  }
  return from === 0 ? text : result + text.slice(from);
}

/** Every line as a pair, in order. */
export function headerEntries(text: HeaderText): [name: string, value: string][] {
  const entries: [string, string][] = [];
  forEachHeader(text, (name, value) => {
    entries.push([name, value]);
  });
  return entries;
}

/** Where a line of `name` begins, at `from` or later; -1: nowhere. `from` is the beginning of a line. */
function lineOf(text: HeaderText, name: string, from: number): number {
  // Only strings that are there already are compared: these questions are asked a dozen times of every message.
  for (let at = text.indexOf(name, from); at >= 0; at = text.indexOf(name, at + 1)) {
    if (text.charCodeAt(at + name.length) === COLON && (at === from || text.charCodeAt(at - 1) === LINE_FEED))
      return at;
  }
  return -1;
}

const COLON = 58;
const LINE_FEED = 10;
