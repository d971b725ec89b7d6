/** The part of the Cache API: `caches` and its two interfaces. */
import { createCacheStorage, type CacheStorage } from "./cache-storage.ts";

export { Cache } from "./cache.ts";
export { CacheStorage } from "./cache-storage.ts";
export const caches: CacheStorage = createCacheStorage();
