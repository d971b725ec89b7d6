/**
 * One stored answer: what is sent, and until when it may be used for what.
 *
 * Invariant: immutable; an answer that was validated is a new value with the same body.
 */
import { filterHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { tagsOf, type StoreTerms } from "./cache-decision.ts";
import type { DiskBody } from "./disk-body.ts";
import type { PurgeableEntry } from "./purge-view.ts";
import type { SharedBody } from "./shared-body.ts";

export interface StoredAnswer extends PurgeableEntry {
  readonly kind: "answer";
  readonly status: number;
  /** Without Age and without what is not kept. */
  readonly headers: HeaderText;
  /** A SharedBody only while it arrives; a DiskBody only outside of the memory cache. */
  readonly body: Uint8Array | SharedBody | DiskBody;
  readonly bodyBytes: number;
  /** Milliseconds since the epoch, as all below: when the answer's age was 0. */
  readonly bornAt: number;
  readonly freshUntil: number;
  readonly staleWhileRevalidateUntil: number;
  readonly staleIfErrorUntil: number;
  readonly staleOnFailureUntil: number;
  /** See StoreTerms. */
  readonly isFixed: boolean;
  /** It is validated at each use, so that requests for it need not wait for each other. */
  readonly isAlwaysValidated: boolean;
}

export interface ArrivedAnswer {
  readonly status: number;
  readonly headers: HeaderText;
  readonly body: StoredAnswer["body"];
  readonly bodyBytes: number;
  readonly terms: StoreTerms;
  readonly place: { readonly domain: string; readonly path: string; readonly query: string };
  readonly requestedAt: number;
  readonly now: number;
}

export function storedAnswer(arrived: ArrivedAnswer): StoredAnswer {
  const { status, headers, body, bodyBytes, terms, place, requestedAt, now } = arrived;
  const freshUntil = now + terms.freshMs;
  return {
    kind: "answer",
    status,
    headers: keptHeaders(headers, terms.excludedFields),
    body,
    bodyBytes,
    bornAt: now - terms.ageMs,
    freshUntil,
    staleWhileRevalidateUntil: freshUntil + terms.staleWhileRevalidateMs,
    staleIfErrorUntil: freshUntil + terms.staleIfErrorMs,
    staleOnFailureUntil: freshUntil + terms.staleOnFailureMs,
    isFixed: terms.isFixed,
    isAlwaysValidated: terms.freshMs === 0,
    domain: place.domain,
    path: place.path,
    query: place.query,
    tags: tagsOf(headers),
    requestedAt,
  };
}

/** Age is counted anew, a length comes from the body, Warning is gone (RFC 9111 §5.5), and tags are for this cache. */
const notKept: ReadonlySet<string> = new Set(["age", "cache-tag", "content-length", "trailer", "warning"]);

/** RFC 9111 §3.1. Fields of the connection were removed before. */
function keptHeaders(headers: HeaderText, excluded: readonly string[]): HeaderText {
  return filterHeaders(headers, (name) => !notKept.has(name) && !excluded.includes(name));
}

/** What a validation does not change: it describes the body, which stays, or is not kept (RFC 9111 §3.2). */
const notUpdated: ReadonlySet<string> = new Set([
  ...notKept,
  "cache-status",
  "content-encoding",
  "content-md5",
  "content-range",
  "content-type",
  "set-cookie",
]);

/** The stored fields with those of a 304, or of an answer to HEAD, in their place (RFC 9111 §3.2). The tags are those of `fresh`, if it has any. */
export function updatedHeaders(stored: StoredAnswer, fresh: HeaderText): HeaderText {
  const update = filterHeaders(fresh, (name) => !notUpdated.has(name));
  const names = new Set<string>();
  filterHeaders(update, (name) => names.add(name) !== undefined);
  const tags = fresh.includes("cache-tag:") ? filterHeaders(fresh, (name) => name === "cache-tag") : tagLine(stored);
  return filterHeaders(stored.headers, (name) => !names.has(name)) + update + tags;
}

function tagLine({ tags }: StoredAnswer): HeaderText {
  return tags.length === 0 ? "" : `cache-tag:${tags.join(",")}\n`;
}

/** Seconds, for the Age field. */
export function ageSeconds(answer: Pick<StoredAnswer, "bornAt">, now: number): number {
  return Math.max(0, Math.floor((now - answer.bornAt) / 1_000));
}
