/**
 * Whether a shared cache may store a response, and on which terms (RFC 9111 §3, §4.2; RFC 5861): a pure function with a closed list of reasons.
 *
 * The domain's cache rule overrides the origin's headers as its `follow_origin` says, and `error_code_cache` for errors; what could hand one
 * user's answer to another (Set-Cookie, Authorization, `Vary: *`) is never overridden.
 */
import { getAllHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import type { CacheControl } from "./cache-control.ts";
import type { CompiledCacheRule } from "./cache-rule.ts";
import { heuristicLifetimeMs, initialAgeMs, originLifetimeMs } from "./freshness.ts";
import { readTargetedControl, type TargetedControl } from "./targeted-control.ts";
import { varyNames } from "./vary.ts";

/** Why a response is not stored; the `detail` of Cache-Status. */
export type NotStoredReason =
  | "METHOD"
  | "STATUS"
  | "PARTIAL"
  | "SET_COOKIE"
  | "AUTHORIZATION"
  | "VARY_ANY"
  | "VARY_TOO_LONG"
  /** Vary names a field that an originPull function changed, or that the node writes for each request: no lookup could tell the answers apart. */
  | "VARY_UNSEEN"
  | "NO_STORE"
  /** The client asked that nothing be kept. */
  | "REQUEST_NO_STORE"
  | "PRIVATE"
  | "NO_CACHE"
  | "NO_FRESHNESS"
  | "STALE_ON_ARRIVAL"
  | "TTL_ZERO"
  | "BODY_TOO_LARGE"
  /** The URL was changed or purged while its answer was on its way, or a later answer came before it. */
  | "INVALIDATED";

/** On which terms a response is kept. */
export interface StoreTerms {
  readonly store: true;
  /** From now. 0: it is kept to be validated at each use. */
  readonly freshMs: number;
  /** The age it arrived with. */
  readonly ageMs: number;
  /** After it was fresh (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** After it was fresh, instead of a server error (RFC 5861 §4). */
  readonly staleIfErrorMs: number;
  /** After it was fresh, when the origin gives no answer at all (RFC 9111 §4.2.4). */
  readonly staleOnFailureMs: number;
  /** Fields that are not to be kept, lower case. */
  readonly excludedFields: readonly string[];
  /** While it is fresh a client cannot ask for a newer one: the operator set its time, or it never changes (RFC 8246). */
  readonly isFixed: boolean;
}

export type CacheDecision = StoreTerms | { readonly store: false; readonly reason: NotStoredReason };

export interface CacheQuestion {
  readonly method: string;
  readonly requestHeaders: HeaderText;
  readonly status: number;
  readonly responseHeaders: HeaderText;
  /** The domain's rule for the path, or undefined. */
  readonly rule: CompiledCacheRule | undefined;
  /** What the domain says of answers with this status (error_code_cache), milliseconds. */
  readonly errorTtlMs?: number | undefined;
  /** The client's `no-store`. */
  readonly requestNoStore?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When the request was sent to the origin; default `now`. */
  readonly requestedAt?: number;
}

/** Statuses a rule's ttl may make fresh without a word from the origin (errors are left to their own configuration). */
const storableByRule = new Set([200, 203, 204, 300, 301, 308, 410]);
/** RFC 9110 §15.1: statuses that may be fresh by heuristics. 206 is left out, since parts are not stored. */
const heuristicStatuses = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** What must-understand is about (RFC 9111 §5.2.2.3): statuses whose caching rules this cache knows. */
const understood = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 421, 451, 500, 501, 502, 503, 504,
]);

/** Decides. */
export function decideCaching(question: CacheQuestion): CacheDecision {
  const { responseHeaders, status, errorTtlMs } = question;
  if (question.method !== "GET") return no("METHOD");
  if (status === 206) return no("PARTIAL");
  if (status < 200 || status === 304) return no("STATUS");
  // Most answers of functions end here.
  if (question.rule === undefined && errorTtlMs === undefined && !mentionsFreshness(responseHeaders)) {
    return no("NO_FRESHNESS");
  }
  const rule = question.rule !== undefined && storableByRule.has(status) ? question.rule : undefined;
  const targeted = readTargetedControl(responseHeaders);
  const refusal = refusalOf(question, targeted.control);
  if (refusal !== null) return no(refusal);
  if (errorTtlMs !== undefined) return byConfiguration(targeted.control, errorTtlMs);
  if (rule?.followOrigin === "off") return byConfiguration(targeted.control, rule.ttlMs);
  return decideByHeaders(question, { targeted, rule });
}

/** What no configuration can allow. */
function refusalOf(question: CacheQuestion, control: CacheControl): NotStoredReason | null {
  const { requestHeaders, responseHeaders } = question;
  if (question.requestNoStore === true) return "REQUEST_NO_STORE";
  if (hasHeader(responseHeaders, "set-cookie") && !control.excludedFields.includes("set-cookie")) return "SET_COOKIE";
  const names = varyNames(responseHeaders);
  if (names.includes("*")) return "VARY_ANY";
  if (names.length > cacheLimits.varyNamesMax) return "VARY_TOO_LONG";
  // RFC 9111 §3.5
  const shareable = control.public || control.mustRevalidate || control.sharedMaxAgeSeconds !== undefined;
  return hasHeader(requestHeaders, "authorization") && !shareable ? "AUTHORIZATION" : null;
}

interface HeaderFacts {
  readonly targeted: TargetedControl;
  readonly rule: CompiledCacheRule | undefined;
}

function decideByHeaders(question: CacheQuestion, facts: HeaderFacts): CacheDecision {
  const { status, responseHeaders, now, requestedAt = now } = question;
  const { control } = facts.targeted;
  const { rule } = facts;
  // RFC 9111 §5.2.2.3: who understands the status need not mind the no-store beside it.
  const mindsNoStore = !(control.mustUnderstand && understood.has(status));
  if (control.mustUnderstand && !understood.has(status)) return no("STATUS");
  if (control.noStore && mindsNoStore) return no("NO_STORE");
  if (control.private) return no("PRIVATE");
  const lifetimeMs = lifetimeOf(question, facts);
  if (lifetimeMs === undefined) {
    if (control.noCache) return toBeValidated(question, { control, reason: "NO_CACHE" });
    if (rule === undefined) return no("NO_FRESHNESS");
    const decision = byConfiguration(control, rule.ttlMs);
    return decision.store ? { ...decision, ...staleTerms(control) } : decision;
  }
  if (control.noCache) return toBeValidated(question, { control, reason: "NO_CACHE" });
  const ageMs = initialAgeMs(responseHeaders, { now, requestedAt });
  const freshMs = lifetimeMs - ageMs;
  if (freshMs <= 0) return toBeValidated(question, { control, reason: "STALE_ON_ARRIVAL" });
  if (rule?.followOrigin !== "min_ttl" || rule.ttlMs >= freshMs) return terms(control, { freshMs, ageMs });
  return rule.ttlMs > 0 ? terms(control, { freshMs: rule.ttlMs, ageMs }) : no("TTL_ZERO");
}

/** RFC 9111 §4.2.1 and §4.2.2; a targeted field stands alone (RFC 9213 §2.1). */
function lifetimeOf(question: CacheQuestion, { targeted, rule }: HeaderFacts): number | undefined {
  const { responseHeaders, status, now } = question;
  const { control, isTargeted } = targeted;
  const headers = isTargeted ? "" : responseHeaders;
  const stated = originLifetimeMs(headers, control, now);
  if (stated !== undefined || rule !== undefined) return stated;
  if (!heuristicStatuses.has(status) && !control.public) return undefined;
  // RFC 9111 §5.4: what HTTP/1.0 has for no-cache, where nothing newer is said.
  const isOldNoCache = getHeader(responseHeaders, "pragma")?.toLowerCase().includes("no-cache") === true;
  return isOldNoCache && !hasHeader(responseHeaders, "cache-control")
    ? undefined
    : heuristicLifetimeMs(responseHeaders, now);
}

/** Kept although it may not be used unasked, when the origin can be asked whether it still stands. */
function toBeValidated(
  question: CacheQuestion,
  { control, reason }: { readonly control: CacheControl; readonly reason: NotStoredReason },
): CacheDecision {
  const { responseHeaders, status, now, requestedAt = now } = question;
  const hasValidator = hasHeader(responseHeaders, "etag") || hasHeader(responseHeaders, "last-modified");
  if (!hasValidator || status !== 200) return no(reason);
  const ageMs = initialAgeMs(responseHeaders, { now, requestedAt });
  const result = terms(control, { freshMs: 0, ageMs });
  if (reason !== "NO_CACHE") return result;
  return { ...result, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, staleOnFailureMs: 0 };
}

function terms(control: CacheControl, times: { readonly freshMs: number; readonly ageMs: number }): StoreTerms {
  return {
    store: true,
    ...times,
    ...staleTerms(control),
    excludedFields: control.excludedFields,
    isFixed: control.immutable,
  };
}

/** RFC 5861, and RFC 9111 §4.2.4 with §5.2.2.2 and §5.2.2.8. s-maxage (§5.2.2.10) forbids only what the origin did not allow by name. */
function staleTerms(
  control: CacheControl,
): Pick<StoreTerms, "staleWhileRevalidateMs" | "staleIfErrorMs" | "staleOnFailureMs"> {
  if (control.mustRevalidate || control.proxyRevalidate) {
    return { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, staleOnFailureMs: 0 };
  }
  const { staleWhileRevalidateSeconds = 0, staleIfErrorSeconds, sharedMaxAgeSeconds } = control;
  const onFailureMs = sharedMaxAgeSeconds === undefined ? cacheLimits.staleOnFailureMs : 0;
  return {
    staleWhileRevalidateMs: staleWhileRevalidateSeconds * 1_000,
    staleIfErrorMs: (staleIfErrorSeconds ?? 0) * 1_000,
    staleOnFailureMs: staleIfErrorSeconds === undefined ? onFailureMs : staleIfErrorSeconds * 1_000,
  };
}

/** The configuration sets the time only: fields that the origin excludes may be one user's. */
function byConfiguration({ excludedFields }: CacheControl, freshMs: number): CacheDecision {
  if (freshMs <= 0) return no("TTL_ZERO");
  return {
    store: true,
    freshMs,
    ageMs: 0,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    staleOnFailureMs: cacheLimits.staleOnFailureMs,
    excludedFields,
    isFixed: true,
  };
}

function mentionsFreshness(headers: HeaderText): boolean {
  return headers.includes("cache-control:") || headers.includes("expires:") || headers.includes("last-modified:");
}

function no(reason: NotStoredReason): CacheDecision {
  return { store: false, reason };
}

/** Whether the reason lies in this request or its moment, so that the next answer may well be stored: others go on waiting for such ones. */
export function isAboutRequest(reason: NotStoredReason): boolean {
  return reason === "INVALIDATED" || reason === "METHOD" || reason === "AUTHORIZATION" || reason === "REQUEST_NO_STORE";
}

/** All names in the field, each once. */
export function tagsOf(headers: HeaderText): readonly string[] {
  if (!headers.includes("cache-tag:")) return [];
  const tags = getAllHeaders(headers, "cache-tag")
    .join(",")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "" && tag.length <= cacheLimits.tagCharsMax);
  return [...new Set(tags)].slice(0, cacheLimits.tagsPerAnswerMax);
}
