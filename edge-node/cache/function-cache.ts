/**
 * Where functions keep what they put into their caches (Cache API): the interface a front works with, whatever holds the bytes.
 *
 * Invariant: `owner` is the function that runs; nothing a caller says leads to another owner's entries. All versions of a function share
 * its caches. An entry may be gone at any time; what is answered is fresh and whole.
 */
import type { Body } from "../../runtime/body.ts";
import type { CacheCall } from "../../runtime/cache-call.ts";
import type { SubrequestResponse } from "../../runtime/driver.ts";
import type { HeaderText } from "../../sdk/header-text.ts";

export interface FunctionCacheRequest {
  readonly call: CacheCall;
  /** Absolute and without a fragment; empty when the call is about no request. */
  readonly url: string;
  readonly headers: HeaderText;
  /** `put`: the response's body; read to its end, or given back. */
  readonly body: Body;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Why a `put` stored nothing although it was asked in form. */
export type NotKeptReason =
  | "NO_STORE"
  | "PRIVATE"
  | "NO_CACHE"
  | "SET_COOKIE"
  | "STALE_ON_ARRIVAL"
  | "VARY_TOO_LONG"
  | "BODY_TOO_LARGE"
  | "TOO_MANY_ARRIVING"
  | "TOO_LARGE_FOR_FUNCTION";

export interface FunctionCacheAnswer {
  /** See runtime/cache-call.ts. */
  readonly response: SubrequestResponse;
  /** Null unless it is a `put` that stored nothing. */
  readonly notKept: NotKeptReason | null;
}

export interface FunctionCaches {
  /** Throws SubrequestError when a body to store breaks off. */
  run(owner: string, request: FunctionCacheRequest): Promise<FunctionCacheAnswer>;
  /** Forgets the caches of every function that is not known any more. */
  keepOnly(isKnown: (owner: string) => boolean): void;
  /** Of all functions together. */
  readonly bytes: number;
  readonly entries: number;
}
