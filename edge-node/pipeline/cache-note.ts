/**
 * What the cache did for a request, and how the Cache-Status field says it (RFC 9211): `Selvage; hit; ttl=…` or `Selvage; fwd=…`.
 */
import type { NotStoredReason } from "../cache/cache-decision.ts";

/** Why nothing was stored or looked up: the closed list behind `detail`. */
export type CacheDetail =
  | NotStoredReason
  /** The node or a clientRequest function answered. */
  | "ANSWERED"
  /** The request asks for a part or a comparison, which this cache leaves to the origin. */
  | "RANGE"
  | "CONDITIONAL"
  /** A GET with a body. */
  | "REQUEST_BODY"
  /** The client asks for a WebSocket. */
  | "UPGRADE"
  /** No answer came. */
  | "FAILED";

export type ForwardReason = "bypass" | "method" | "request" | "uri-miss" | "vary-miss" | "stale";

export type CacheNote =
  | { readonly kind: "local"; readonly detail: CacheDetail }
  | { readonly kind: "hit"; readonly ttlSeconds: number }
  | {
      readonly kind: "forward";
      readonly reason: ForwardReason;
      readonly stored: boolean;
      readonly collapsed: boolean;
      readonly detail: CacheDetail | null;
    };

/** The field's member for this node. */
export function formatCacheNote(note: CacheNote): string {
  if (note.kind === "hit") return `Selvage; hit; ttl=${note.ttlSeconds}`;
  if (note.kind === "local") return `Selvage; detail=${note.detail}`;
  let text = `Selvage; fwd=${note.reason}`;
  if (note.stored) text += "; stored";
  if (note.collapsed) text += "; collapsed";
  return note.detail === null ? text : `${text}; detail=${note.detail}`;
}

/** The word a function reads in `ctx.cacheStatus`. */
export function cacheWord(note: CacheNote): "hit" | "miss" | "bypass" | "none" {
  if (note.kind === "hit") return "hit";
  if (note.kind === "local") return "none";
  return note.reason === "bypass" || note.reason === "method" || note.reason === "request" ? "bypass" : "miss";
}
