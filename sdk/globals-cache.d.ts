/* oxlint-disable no-var -- declarations follow the standards: globals are var */
/**
 * The Cache API for authors: each function has caches of its own, which all its versions share and which may forget anything at any time.
 * See globals.d.ts, which comes first.
 */

interface CacheQueryOptions {
  ignoreMethod?: boolean;
  ignoreSearch?: boolean;
  ignoreVary?: boolean;
}

interface MultiCacheQueryOptions extends CacheQueryOptions {
  /** Asks this cache alone. */
  cacheName?: string;
}

declare class Cache {
  private constructor();
  add(request: RequestInfo | URL): Promise<void>;
  addAll(requests: Iterable<RequestInfo | URL>): Promise<void>;
  delete(request: RequestInfo | URL, options?: CacheQueryOptions): Promise<boolean>;
  keys(request?: RequestInfo | URL, options?: CacheQueryOptions): Promise<readonly Request[]>;
  match(request: RequestInfo | URL, options?: CacheQueryOptions): Promise<Response | undefined>;
  matchAll(request?: RequestInfo | URL, options?: CacheQueryOptions): Promise<readonly Response[]>;
  /**
   * Stores a response to a GET. Its Cache-Control or Expires says for how long; without either it stays as long as there is room.
   * A response with Set-Cookie, no-store, no-cache or private is not kept.
   */
  put(request: RequestInfo | URL, response: Response): Promise<void>;
}

declare class CacheStorage {
  private constructor();
  /** A cache that always exists. */
  readonly default: Cache;
  delete(cacheName: string): Promise<boolean>;
  has(cacheName: string): Promise<boolean>;
  keys(): Promise<string[]>;
  match(request: RequestInfo | URL, options?: MultiCacheQueryOptions): Promise<Response | undefined>;
  open(cacheName: string): Promise<Cache>;
}

declare var caches: CacheStorage;
