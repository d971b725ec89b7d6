/**
 * What a request says about stored answers (RFC 9111 §5.2.1, §5.4). All of it is advice to a cache; how far it is taken is decided in reuse.ts.
 */
import { getAllHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { ageOf, splitDirectives } from "./cache-control.ts";

export interface RequestControl {
  /** Wants an answer that the origin confirmed just now. */
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAgeMs: number | undefined;
  readonly minFreshMs: number;
  /** Infinity: however stale. */
  readonly maxStaleMs: number;
}

/** Null when the request says nothing, as most do. */
export function readRequestControl(headers: HeaderText): RequestControl | null {
  if (!headers.includes("cache-control:") && !headers.includes("pragma:")) return null;
  if (!hasHeader(headers, "cache-control")) {
    const isOldNoCache = getHeader(headers, "pragma")?.toLowerCase().includes("no-cache") === true;
    return isOldNoCache ? { ...nothing, noCache: true } : null;
  }
  const directives = new Map(splitDirectives(getAllHeaders(headers, "cache-control").join(",")));
  const maxAge = ageOf(directives.get("max-age"));
  const maxStale = directives.get("max-stale");
  return {
    noCache: directives.has("no-cache"),
    noStore: directives.has("no-store"),
    onlyIfCached: directives.has("only-if-cached"),
    maxAgeMs: maxAge === undefined ? undefined : maxAge * 1_000,
    minFreshMs: (ageOf(directives.get("min-fresh")) ?? 0) * 1_000,
    maxStaleMs: maxStale === "" ? Infinity : (ageOf(maxStale) ?? 0) * 1_000,
  };
}

const nothing: RequestControl = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeMs: undefined,
  minFreshMs: 0,
  maxStaleMs: 0,
};
