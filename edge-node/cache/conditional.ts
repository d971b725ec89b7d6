/**
 * Conditions of requests against what is stored (RFC 9110 §13, RFC 9111 §4.3): what a client has already, and what to ask the origin with.
 *
 * Knows header fields only. If-Match and If-Unmodified-Since are not for caches to answer.
 */
import { getAllHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { parseHttpDate } from "./http-date.ts";

/** Whether the request asks for something that only the origin can tell. */
export function hasPrecondition(headers: HeaderText): boolean {
  return hasHeader(headers, "if-match") || hasHeader(headers, "if-unmodified-since");
}

/** Whether the client has the stored answer already, so that 304 says all (RFC 9110 §13.1.2, §13.1.3; §13.2.2 for the order). */
export function isNotModified(requestHeaders: HeaderText, storedHeaders: HeaderText, now: number): boolean {
  const tags = getAllHeaders(requestHeaders, "if-none-match");
  if (tags.length > 0) return matchesTag(tags.join(","), getHeader(storedHeaders, "etag"));
  const since = parseHttpDate(getHeader(requestHeaders, "if-modified-since"), now);
  if (since === undefined) return false;
  const modified = parseHttpDate(getHeader(storedHeaders, "last-modified"), now);
  // RFC 9111 §4.3.2: without one, when the answer was made.
  const known = modified ?? parseHttpDate(getHeader(storedHeaders, "date"), now);
  return known !== undefined && known <= since;
}

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"|[^\s,]+/g;

/** Weak comparison (RFC 9110 §8.8.3.2). A tag without quotes, which is none, equals only itself. */
function matchesTag(list: string, etag: string | undefined): boolean {
  if (list.trim() === "*") return true;
  if (etag === undefined) return false;
  const wanted = withoutWeakness(etag);
  return (list.match(TAG) ?? []).some((tag) => withoutWeakness(tag) === wanted);
}

function withoutWeakness(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** Whether both stand for one state of the resource, as far as they say: `fresh` came where `stored` was asked about. */
export function describesSame(stored: HeaderText, fresh: HeaderText): boolean {
  const [before, after] = [getHeader(stored, "etag"), getHeader(fresh, "etag")];
  if (before !== undefined && after !== undefined) return withoutWeakness(before) === withoutWeakness(after);
  const [modifiedBefore, modifiedAfter] = [getHeader(stored, "last-modified"), getHeader(fresh, "last-modified")];
  return modifiedBefore === undefined || modifiedAfter === undefined || modifiedBefore === modifiedAfter;
}

/** Whether If-Range lets a part be sent (RFC 9110 §13.1.5): strong comparison, or the same strong date. True without the field. */
export function allowsPart(requestHeaders: HeaderText, storedHeaders: HeaderText, now: number): boolean {
  const condition = getHeader(requestHeaders, "if-range");
  if (condition === undefined) return true;
  if (condition.startsWith('"')) return condition === getHeader(storedHeaders, "etag");
  return condition === getHeader(storedHeaders, "last-modified") && isStrongDate(storedHeaders, now);
}

/** RFC 9110 §8.8.2.2: what changed in the second in which the answer was made may have changed again in it. */
function isStrongDate(storedHeaders: HeaderText, now: number): boolean {
  const modified = parseHttpDate(getHeader(storedHeaders, "last-modified"), now);
  const made = parseHttpDate(getHeader(storedHeaders, "date"), now);
  return modified !== undefined && made !== undefined && made - modified >= 1_000;
}

const conditions: ReadonlySet<string> = new Set([
  "if-none-match",
  "if-modified-since",
  "if-range",
  "range",
  "if-match",
  "if-unmodified-since",
]);

/** Whether the field makes an answer depend on what the client has or wants of it. */
export function isCondition(name: string): boolean {
  return conditions.has(name);
}

/** The fields that ask the origin whether a stored answer still stands (RFC 9111 §4.3.1); "" when it has no validator. */
export function validatorsOf(storedHeaders: HeaderText): HeaderText {
  const etag = getHeader(storedHeaders, "etag");
  const modified = getHeader(storedHeaders, "last-modified");
  return `${etag === undefined ? "" : `if-none-match:${etag}\n`}${modified === undefined ? "" : `if-modified-since:${modified}\n`}`;
}
