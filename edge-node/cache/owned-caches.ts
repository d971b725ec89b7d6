/**
 * All caches of one function in memory: bounded in bytes and entries, least recently used first out.
 *
 * Knows no body that still arrives and no HTTP message: what is put here is whole. Invariant: an entry is found only while it is fresh,
 * and every entry counts until it is gone from its cache.
 */
import { LRUCache } from "lru-cache";
import type { CacheScope } from "../../runtime/cache-call.ts";
import { functionCacheLimits } from "../../sdk/limits.ts";
import { CacheEntries, type CacheEntry, type EntryQuery } from "./cache-entries.ts";

/** What an entry or an empty cache costs beside its strings and body. */
const OVERHEAD_BYTES = 512;

export interface Place {
  readonly scope: CacheScope;
  readonly name: string;
}

export type NewEntry = Omit<CacheEntry, "id" | "home">;

export class OwnedCaches {
  readonly #byId: LRUCache<number, CacheEntry>;
  readonly #default = new CacheEntries();
  readonly #named = new Map<string, CacheEntries>();
  #nameBytes = 0;
  #nextId = 1;
  /** Bytes of bodies on their way in; counted by whoever reads them. */
  arrivingBytes = 0;

  constructor({ bytesMax }: { readonly bytesMax: number }) {
    this.#byId = new LRUCache({
      maxSize: bytesMax,
      sizeCalculation: entryBytes,
      disposeAfter: (entry) => {
        entry.home.remove(entry);
      },
    });
  }

  get bytes(): number {
    return this.#byId.calculatedSize + this.#nameBytes;
  }

  get entries(): number {
    return this.#byId.size;
  }

  /** Nothing is kept and no cache was opened. */
  get isEmpty(): boolean {
    return this.entries === 0 && this.#named.size === 0;
  }

  has(name: string): boolean {
    return this.#named.has(name);
  }

  /** In the order they were opened. */
  names(): readonly string[] {
    return [...this.#named.keys()];
  }

  /** Opens the cache of this name; false when there are too many. */
  open(name: string): boolean {
    if (this.#named.has(name)) return true;
    if (this.#named.size >= functionCacheLimits.cachesPerFunctionMax) return false;
    this.#named.set(name, new CacheEntries());
    this.#nameBytes += OVERHEAD_BYTES + name.length * 2;
    return true;
  }

  /** Forgets the cache and its entries; false when there was none. */
  drop(name: string): boolean {
    const cache = this.#named.get(name);
    if (cache === undefined) return false;
    for (const entry of cache.all()) this.#byId.delete(entry.id);
    this.#named.delete(name);
    this.#nameBytes -= OVERHEAD_BYTES + name.length * 2;
    return true;
  }

  /** Fresh entries that answer the query (null: all), in order of caches and storing. */
  find(place: Place, query: EntryQuery | null, now: number): readonly CacheEntry[] {
    const found = this.#caches(place).flatMap((cache) => (query === null ? cache.all() : cache.find(query)));
    return found.filter((entry) => {
      if (entry.freshUntil === undefined || entry.freshUntil > now) return true;
      this.#byId.delete(entry.id);
      return false;
    });
  }

  /** Marks the entry as used now. */
  touch(entry: CacheEntry): void {
    this.#byId.get(entry.id);
  }

  remove(entry: CacheEntry): void {
    this.#byId.delete(entry.id);
  }

  /** Stores the entry, opening its cache where there is none; false when it is larger than all of this function's room. */
  put(place: Place, entry: NewEntry): boolean {
    if (place.scope === "named" && !this.open(place.name)) return false;
    const [home = this.#default] = this.#caches(place);
    const variants = home.variants(entry.url);
    if (variants.length >= functionCacheLimits.variantsPerUrlMax) this.#byId.delete(variants[0]?.id ?? 0);
    const whole: CacheEntry = { ...entry, id: this.#nextId++, home };
    home.add(whole);
    this.#byId.set(whole.id, whole);
    if (!this.#byId.has(whole.id)) {
      home.remove(whole);
      return false;
    }
    while (this.entries > functionCacheLimits.entriesPerFunctionMax) this.#byId.pop();
    return true;
  }

  /** Gives up the least recently used entry, or without entries every cache; false when there was nothing. */
  shrink(): boolean {
    if (this.#byId.pop() !== undefined) return true;
    if (this.#named.size === 0) return false;
    this.#named.clear();
    this.#nameBytes = 0;
    return true;
  }

  #caches({ scope, name }: Place): readonly CacheEntries[] {
    if (scope === "default") return [this.#default];
    if (scope === "any") return [...this.#named.values()];
    const cache = this.#named.get(name);
    return cache === undefined ? [] : [cache];
  }
}

function entryBytes({ url, requestHeaders, head, bytes }: CacheEntry): number {
  return OVERHEAD_BYTES + url.length + requestHeaders.length + head.headers.length + head.url.length + bytes.byteLength;
}
