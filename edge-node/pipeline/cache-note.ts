/**
 * What the cache did for a request, and how the Cache-Status field says it (RFC 9211): `Selvage; hit; ttl=…` or `Selvage; fwd=…; fwd-status=…`.
 */
import type { NotStoredReason } from "../cache/cache-decision.ts";

/** Why nothing was stored or looked up, or why an answer was used that is not fresh: the closed list behind `detail`. */
export type CacheDetail =
  | NotStoredReason
  /** The node or a clientRequest function answered. */
  | "ANSWERED"
  /** The request asks for a part, which is left to the origin. */
  | "RANGE"
  /** The request has a condition that only the origin can tell. */
  | "CONDITIONAL"
  /** A GET with a body. */
  | "REQUEST_BODY"
  /** The client asks for a WebSocket. */
  | "UPGRADE"
  /** The URL's last answer could not be stored: nobody waited for others. */
  | "UNCACHEABLE"
  /** A stored answer that memory did not have, or one that only the disk keeps. */
  | "DISK"
  /** A stale answer, which is being renewed. */
  | "STALE_WHILE_REVALIDATE"
  /** A stale answer, since the origin failed. */
  | "STALE_IF_ERROR"
  /** A stale answer, since the client takes one. */
  | "STALE_ACCEPTED"
  /** The client takes stored answers only, and there is none. */
  | "ONLY_IF_CACHED"
  /** No answer came. */
  | "FAILED";

export type ForwardReason = "bypass" | "method" | "request" | "uri-miss" | "vary-miss" | "stale";

export type CacheNote =
  | { readonly kind: "local"; readonly detail: CacheDetail }
  /** `ttlSeconds` is negative when the answer is stale. */
  | { readonly kind: "hit"; readonly ttlSeconds: number; readonly detail: CacheDetail | null }
  | {
      readonly kind: "forward";
      readonly reason: ForwardReason;
      /** What the origin answered; null before, and when nothing came. */
      readonly status: number | null;
      readonly stored: boolean;
      readonly collapsed: boolean;
      /** Of the answer as it is stored now; null when it is not. */
      readonly ttlSeconds: number | null;
      readonly detail: CacheDetail | null;
    };

/** The field's member for this node. */
export function formatCacheNote(note: CacheNote): string {
  if (note.kind === "local") return `Selvage; detail=${note.detail}`;
  const detail = note.detail === null ? "" : `; detail=${note.detail}`;
  if (note.kind === "hit") return `Selvage; hit; ttl=${note.ttlSeconds}${detail}`;
  let text = `Selvage; fwd=${note.reason}`;
  if (note.status !== null) text += `; fwd-status=${note.status}`;
  if (note.ttlSeconds !== null) text += `; ttl=${note.ttlSeconds}`;
  if (note.stored) text += "; stored";
  if (note.collapsed) text += "; collapsed";
  return text + detail;
}

/** Nothing is known yet of a request that goes on to the origin, except why. */
export function forwardNote(reason: ForwardReason, detail: CacheDetail | null): CacheNote & { kind: "forward" } {
  return { kind: "forward", reason, status: null, stored: false, collapsed: false, ttlSeconds: null, detail };
}

/** What the cache did, as metrics and the access log name it. */
export type CacheResult =
  | "hit"
  /** A stored answer that is not fresh, without waiting for the origin or instead of its failure. */
  | "stale"
  /** The origin confirmed what is stored. */
  | "revalidated"
  | "miss"
  | "bypass"
  /** The cache was not asked. */
  | "none";

export function cacheResult(note: CacheNote): CacheResult {
  if (note.kind === "local") return "none";
  if (note.kind === "hit") return note.detail === null || note.detail === "DISK" ? "hit" : "stale";
  if (note.detail === "STALE_IF_ERROR") return "stale";
  // A 304 without a stored answer behind it has no time to live: it is the client's own condition that the origin confirmed.
  if (note.status === 304 && note.ttlSeconds !== null) return "revalidated";
  const isBypass = note.reason === "bypass" || note.reason === "method" || note.reason === "request";
  return isBypass ? "bypass" : "miss";
}

/** The word a function reads in `ctx.cacheStatus`. */
export function cacheWord(note: CacheNote): "hit" | "miss" | "bypass" | "none" {
  if (note.kind === "hit") return "hit";
  if (note.kind === "local") return "none";
  return note.reason === "bypass" || note.reason === "method" || note.reason === "request" ? "bypass" : "miss";
}
