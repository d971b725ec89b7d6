/**
 * Whether a response that a function puts into its cache is kept, and until when. Pure.
 *
 * The author asked for it to be stored, so that a response without a word about freshness stays until it is evicted, as the Cache API has it.
 * Where the response does speak, it is obeyed as a shared cache would (RFC 9111 §3, §4.2): what may hold one user's data is not kept.
 */
import { getAllHeaders, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { functionCacheLimits } from "../../sdk/limits.ts";
import { parseCacheControl } from "./cache-control.ts";
import { initialAgeMs, originLifetimeMs } from "./freshness.ts";
import type { NotKeptReason } from "./function-cache.ts";

export type Keeping =
  | {
      readonly keep: true;
      /** Milliseconds from now; undefined: as long as there is room. */
      readonly freshMs: number | undefined;
      /** Its age on arrival. */
      readonly ageMs: number;
      /** Names in Vary, lower case, each once. */
      readonly varies: readonly string[];
    }
  | { readonly keep: false; readonly reason: NotKeptReason };

export function decideKeeping(headers: HeaderText, now: number): Keeping {
  if (hasHeader(headers, "set-cookie")) return { keep: false, reason: "SET_COOKIE" };
  const control = parseCacheControl(getAllHeaders(headers, "cache-control"));
  if (control.noStore) return { keep: false, reason: "NO_STORE" };
  // Parts of a response are not kept here.
  if (control.private || control.excludedFields.length > 0) return { keep: false, reason: "PRIVATE" };
  if (control.noCache) return { keep: false, reason: "NO_CACHE" };
  const varies = varyNames(headers);
  if (varies.length > functionCacheLimits.varyNamesMax) return { keep: false, reason: "VARY_TOO_LONG" };
  const lifetimeMs = originLifetimeMs(headers, control, now);
  if (lifetimeMs === undefined) return { keep: true, freshMs: undefined, ageMs: 0, varies };
  const ageMs = initialAgeMs(headers, { now, requestedAt: now });
  if (lifetimeMs <= ageMs) return { keep: false, reason: "STALE_ON_ARRIVAL" };
  return { keep: true, freshMs: lifetimeMs - ageMs, ageMs, varies };
}

function varyNames(headers: HeaderText): readonly string[] {
  const names = getAllHeaders(headers, "vary")
    .join(",")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return [...new Set(names)];
}
