/** How long a response says it is fresh, and how old it is on arrival (RFC 9111 §4.2). Pure; knows no store and no configuration. */
import { getAllHeaders, getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/limits.ts";
import type { CacheControl } from "./cache-control.ts";
import { parseHttpDate } from "./http-date.ts";

/** RFC 9111 §4.2.1, without heuristics: undefined when the origin says nothing. */
export function originLifetimeMs(headers: HeaderText, control: CacheControl, now: number): number | undefined {
  const seconds = control.sharedMaxAgeSeconds ?? control.maxAgeSeconds;
  return seconds === undefined ? expiresLifetimeMs(headers, now) : seconds * 1_000;
}

/** Of Expires alone. Without a Date it counts from now (RFC 9110 §6.6.1). */
function expiresLifetimeMs(headers: HeaderText, now: number): number | undefined {
  if (!headers.includes("expires:")) return undefined;
  const expires = getAllHeaders(headers, "expires");
  if (expires.length === 0) return undefined;
  // RFC 9111 §5.3: an invalid date, and so two of them, is in the past.
  const at = expires.length === 1 ? parseHttpDate(expires[0], now) : undefined;
  const date = parseHttpDate(getHeader(headers, "date"), now) ?? now;
  return at === undefined ? 0 : Math.max(0, at - date);
}

/** RFC 9111 §4.2.2: a tenth of the time since the last modification; undefined when that is not said. */
export function heuristicLifetimeMs(headers: HeaderText, now: number): number | undefined {
  const modified = parseHttpDate(getHeader(headers, "last-modified"), now);
  if (modified === undefined) return undefined;
  const date = parseHttpDate(getHeader(headers, "date"), now) ?? now;
  return Math.min(cacheLimits.heuristicMsMax, Math.max(0, date - modified) / 10);
}

/** RFC 9111 §4.2.3, in the whole seconds that Date has. `requestedAt`: when the request was sent, milliseconds since the epoch. */
export function initialAgeMs(
  headers: HeaderText,
  { now, requestedAt }: { readonly now: number; readonly requestedAt: number },
): number {
  const date = parseHttpDate(getHeader(headers, "date"), now);
  const apparent = date === undefined ? 0 : Math.max(0, Math.floor((now - date) / 1_000) * 1_000);
  return Math.max(apparent, statedAgeMs(getHeader(headers, "age")) + Math.max(0, now - requestedAt));
}

/** RFC 9111 §5.1: of several values the first counts; what is no number of seconds is ignored. */
function statedAgeMs(age: string | undefined): number {
  if (age === undefined) return 0;
  const [first = ""] = age.split(/[,;]/, 1);
  const seconds = first.trim();
  return /^\d+$/.test(seconds) ? Math.min(Number(seconds), AGE_SECONDS_MAX) * 1_000 : 0;
}

const AGE_SECONDS_MAX = 2_147_483_648;
