/** How long a response says it is fresh, and how old it is on arrival (RFC 9111 §4.2). Pure; knows no store and no configuration. */
import { getAllHeaders, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import type { CacheControl } from "./cache-control.ts";

/** RFC 9111 §4.2.1, without heuristics: undefined when the origin says nothing. */
export function originLifetimeMs(headers: HeaderText, control: CacheControl): number | undefined {
  const seconds = control.sharedMaxAgeSeconds ?? control.maxAgeSeconds;
  if (seconds !== undefined) return seconds * 1_000;
  const expires = getAllHeaders(headers, "expires");
  if (expires.length === 0) return undefined;
  // RFC 9111 §5.3: an invalid date, and so two of them, is in the past.
  const at = expires.length === 1 ? parseHttpDate(expires[0]) : undefined;
  const date = parseHttpDate(getHeader(headers, "date"));
  return at === undefined || date === undefined ? 0 : Math.max(0, at - date);
}

/** RFC 9111 §4.2.3, without the response delay, which the origin's timeout bounds. */
export function initialAgeMs(headers: HeaderText, now: number): number {
  const date = parseHttpDate(getHeader(headers, "date"));
  const apparent = date === undefined ? 0 : Math.max(0, now - date);
  const age = getHeader(headers, "age");
  const stated = age !== undefined && /^\d+$/.test(age) ? Number(age) * 1_000 : 0;
  return Math.max(apparent, stated);
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** IMF-fixdate only (RFC 9110 §5.6.7); anything else counts as no date. */
function parseHttpDate(value: string | undefined): number | undefined {
  if (value === undefined || !HTTP_DATE.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}
