/**
 * Whether a shared cache may store a response and for how long it is fresh (RFC 9111 §3, §4.2): a pure function with a closed list of reasons.
 *
 * The domain's cache rule overrides the origin's headers as its `follow_origin` says; what could hand one user's answer to another
 * (Set-Cookie, Authorization, `Vary: *`) is never overridden.
 */
import { getAllHeaders, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { parseCacheControl, type CacheControl } from "./cache-control.ts";
import type { CompiledCacheRule } from "./cache-rule.ts";
import { initialAgeMs, originLifetimeMs } from "./freshness.ts";

/** Why a response is not stored; the `detail` of Cache-Status. */
export type NotStoredReason =
  | "METHOD"
  | "STATUS"
  | "PARTIAL"
  | "SET_COOKIE"
  | "AUTHORIZATION"
  | "VARY_ANY"
  | "NO_STORE"
  | "PRIVATE"
  | "NO_CACHE"
  | "NO_FRESHNESS"
  | "STALE_ON_ARRIVAL"
  | "TTL_ZERO"
  | "BODY_TOO_LARGE";

export type CacheDecision =
  | { readonly store: true; readonly freshMs: number; readonly ageMs: number }
  | { readonly store: false; readonly reason: NotStoredReason };

export interface CacheQuestion {
  readonly method: string;
  readonly requestHeaders: HeaderText;
  readonly status: number;
  readonly responseHeaders: HeaderText;
  /** The domain's rule for the path, or undefined. */
  readonly rule: CompiledCacheRule | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Statuses a rule's ttl may make fresh without a word from the origin (errors are left to their own configuration). */
const storableByRule = new Set([200, 203, 204, 300, 301, 308, 410]);

/** Decides. `freshMs` counts from now; `ageMs` is the age the response arrived with. */
export function decideCaching(question: CacheQuestion): CacheDecision {
  const { requestHeaders, responseHeaders, status } = question;
  if (question.method !== "GET") return no("METHOD");
  if (status === 206) return no("PARTIAL");
  if (status < 200 || status === 304) return no("STATUS");
  // Most answers of functions end here.
  if (question.rule === undefined && !mentionsFreshness(responseHeaders)) return no("NO_FRESHNESS");
  if (hasHeader(responseHeaders, "content-range")) return no("PARTIAL");
  if (hasHeader(responseHeaders, "set-cookie")) return no("SET_COOKIE");
  if (getAllHeaders(responseHeaders, "vary").some((line) => line.includes("*"))) return no("VARY_ANY");
  const control = parseCacheControl(getAllHeaders(responseHeaders, "cache-control"));
  // RFC 9111 §3.5
  const shareable = control.public || control.mustRevalidate || control.sharedMaxAgeSeconds !== undefined;
  if (hasHeader(requestHeaders, "authorization") && !shareable) return no("AUTHORIZATION");
  const rule = question.rule !== undefined && storableByRule.has(status) ? question.rule : undefined;
  if (rule?.followOrigin === "off") return rule.ttlMs > 0 ? yes(rule.ttlMs, 0) : no("TTL_ZERO");
  return decideByHeaders(question, control, rule);
}

function decideByHeaders(
  question: CacheQuestion,
  control: CacheControl,
  rule: CompiledCacheRule | undefined,
): CacheDecision {
  if (control.noStore) return no("NO_STORE");
  if (control.private) return no("PRIVATE");
  if (control.noCache) return no("NO_CACHE");
  const lifetimeMs = originLifetimeMs(question.responseHeaders, control);
  if (lifetimeMs === undefined) {
    if (rule === undefined) return no("NO_FRESHNESS");
    return rule.ttlMs > 0 ? yes(rule.ttlMs, 0) : no("TTL_ZERO");
  }
  const ageMs = initialAgeMs(question.responseHeaders, question.now);
  const freshMs = lifetimeMs - ageMs;
  if (freshMs <= 0) return no("STALE_ON_ARRIVAL");
  if (rule?.followOrigin !== "min_ttl" || rule.ttlMs >= freshMs) return yes(freshMs, ageMs);
  return rule.ttlMs > 0 ? yes(rule.ttlMs, ageMs) : no("TTL_ZERO");
}

function mentionsFreshness(headers: HeaderText): boolean {
  return headers.includes("cache-control:") || headers.includes("expires:");
}

function yes(freshMs: number, ageMs: number): CacheDecision {
  return { store: true, freshMs, ageMs };
}

function no(reason: NotStoredReason): CacheDecision {
  return { store: false, reason };
}
