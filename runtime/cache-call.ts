/**
 * What a function asks of its own caches (Cache API), as it crosses to the front: one operation, where, and what counts as the same request.
 *
 * The request asked about travels in the subrequest itself (URL and headers), a body to store as its body. Whose caches they are is never
 * said here: the front knows which function it runs.
 */
import type { HeaderText } from "../sdk/header-text.ts";

/** `open`, `has`, `drop` (CacheStorage.delete) and `names` (CacheStorage.keys) are about whole caches. */
export const cacheOperations = ["match", "matchAll", "put", "delete", "keys", "open", "has", "drop", "names"] as const;
export type CacheOperation = (typeof cacheOperations)[number];

/** `default`: caches.default. `named`: the cache of that name. `any`: all named ones in the order they were opened (CacheStorage.match). */
export const cacheScopes = ["default", "named", "any"] as const;
export type CacheScope = (typeof cacheScopes)[number];

export interface CacheCall {
  readonly operation: CacheOperation;
  readonly scope: CacheScope;
  /** Empty unless the scope is `named`. */
  readonly name: string;
  /** False: `matchAll` and `keys` are about every entry. */
  readonly asksForRequest: boolean;
  readonly ignoreSearch: boolean;
  readonly ignoreVary: boolean;
  /** `put` only: the response without its body. */
  readonly response: CachedHead | null;
}

export interface CachedHead {
  /** 200..599, or 0 for a network error (`Response.error()`). */
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderText;
  /** Empty for a response that the function made itself. */
  readonly url: string;
  readonly redirected: boolean;
}

/** The status of an answer that is not a stored response. A `match` without a hit answers `nothing`, which no response has. */
export const cacheAnswer = { nothing: 1, done: 200, none: 404, full: 413 } as const;
