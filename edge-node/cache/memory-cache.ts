/**
 * Responses in memory, bounded in bytes, least recently used first out: one per front.
 *
 * Knows keys and variants (`Vary`, RFC 9111 §4.1), and neither HTTP messages nor time beyond its marks: what may be stored is decided in
 * cache-decision.ts, what may be used in reuse.ts. Invariants: a lookup returns only an answer whose varying request headers equal the
 * asker's; a variant is gone as soon as the mark that leads to it is; what was requested before its URL was invalidated is not stored.
 */
import { LRUCache } from "lru-cache";
import type { HeaderText } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { variantKeyOf, varyNames } from "./vary.ts";

/** Stands at the plain key: the request headers that answers under it vary with, and where these are. */
interface VaryMark {
  readonly kind: "vary";
  readonly names: readonly string[];
  /** In the order they were stored; handed on from mark to mark of one key. */
  readonly variants: Set<string>;
}

/** The key's last answer could not be stored: requests for it do not wait for each other. */
interface UncacheableMark {
  readonly kind: "uncacheable";
  readonly until: number;
}

/** What was asked for up to this time is not true any more. */
interface InvalidatedMark {
  readonly kind: "invalidated";
  readonly at: number;
}

type Entry = StoredAnswer | VaryMark | UncacheableMark | InvalidatedMark;

export type CacheLookup =
  | StoredAnswer
  /** `variantKey` is where an answer to this request will stand as far as is known. */
  | { readonly kind: "miss"; readonly variantKey: string; readonly reason: "uri-miss" | "vary-miss" }
  | { readonly kind: "uncacheable"; readonly variantKey: string };

/** What an entry costs beside its strings and body. */
const ENTRY_BYTES = 640;
/** What a variant costs in the mark that leads to it. */
const VARIANT_BYTES = 64;

export class MemoryCache {
  readonly #entries: LRUCache<string, Entry>;

  constructor(options: { readonly bytesMax: number }) {
    this.#entries = new LRUCache<string, Entry>({
      maxSize: Math.max(1, options.bytesMax),
      sizeCalculation: entryBytes,
      disposeAfter: (entry, key) => {
        if (entry.kind === "vary") this.#dropVariants(entry, key);
      },
    });
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get size(): number {
    return this.#entries.size;
  }

  lookup(key: string, requestHeaders: HeaderText, now: number): CacheLookup {
    const first = this.#entries.get(key);
    if (first === undefined) return { kind: "miss", variantKey: key, reason: "uri-miss" };
    if (first.kind === "answer") return first;
    if (first.kind !== "vary") return missAt(first, key, now);
    const variantKey = variantKeyOf(key, first.names, requestHeaders);
    const second = this.#entries.get(variantKey);
    if (second?.kind === "answer") return second;
    if (second === undefined || second.kind === "vary") return { kind: "miss", variantKey, reason: "vary-miss" };
    return missAt(second, variantKey, now);
  }

  /** The same without counting as a use. */
  peek(key: string, requestHeaders: HeaderText, now: number): CacheLookup {
    const first = this.#entries.peek(key);
    if (first?.kind === "answer") return first;
    const variantKey = this.variantKey(key, requestHeaders);
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind === "answer") return entry;
    if (first === undefined) return { kind: "miss", variantKey: key, reason: "uri-miss" };
    if (entry === undefined || entry.kind === "vary") return { kind: "miss", variantKey, reason: "vary-miss" };
    return missAt(entry, variantKey, now);
  }

  /** Where an answer to this request stands, or will stand as far as is known. */
  variantKey(key: string, requestHeaders: HeaderText): string {
    const entry = this.#entries.peek(key);
    return entry?.kind === "vary" ? variantKeyOf(key, entry.names, requestHeaders) : key;
  }

  /** Whether an answer that was asked for then may still be stored: its URL was not invalidated since. */
  accepts(key: string, requestedAt: number): boolean {
    const known = this.#entries.peek(key);
    return known?.kind !== "invalidated" || requestedAt > known.at;
  }

  /**
   * Stores an answer under the key and, when it varies, under the request's variant. Returns where it stands; null when its URL was
   * invalidated after it had been asked for.
   */
  store(key: string, requestHeaders: HeaderText, answer: StoredAnswer): string | null {
    if (!this.accepts(key, answer.requestedAt)) return null;
    const known = this.#entries.peek(key);
    const names = varyNames(answer.headers);
    if (names.length === 0) {
      this.#entries.set(key, answer);
      return key;
    }
    const isMarked = known?.kind === "vary";
    const all = isMarked ? [...new Set([...known.names, ...names])].sort() : names;
    const variants = isMarked ? known.variants : new Set<string>();
    const variantKey = variantKeyOf(key, all, requestHeaders);
    variants.delete(variantKey);
    variants.add(variantKey);
    this.#entries.set(key, { kind: "vary", names: all, variants });
    this.#entries.set(variantKey, answer);
    if (variants.size > cacheLimits.variantsPerUrlMax) this.#dropOldest(variants);
    return variantKey;
  }

  /** Replaces an answer that still arrived by its whole; nothing when its body is not there any more. */
  complete(variantKey: string, arriving: StoredAnswer, bytes: Uint8Array): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind !== "answer" || entry.body !== arriving.body) return;
    this.#entries.set(variantKey, { ...entry, body: bytes, bodyBytes: bytes.byteLength });
  }

  /** Forgets an answer whose body broke off or that is not to be used any more. */
  remove(variantKey: string, answer: StoredAnswer): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind === "answer" && entry.body === answer.body) this.#entries.delete(variantKey);
  }

  /** Forgets every variant of the key. What is on its way (`isFilling`) will not be stored either. */
  invalidate(key: string, options: { readonly now: number; readonly isFilling: boolean }): void {
    const known = this.#entries.peek(key);
    if (known === undefined && !options.isFilling) return;
    this.#entries.set(key, { kind: "invalidated", at: options.now });
  }

  /** Remembers that the key's answer cannot be stored, unless an answer or its variants stand there. */
  markUncacheable(variantKey: string, now: number): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind === "uncacheable" && entry.until - now > cacheLimits.uncacheableMs / 2) return;
    if (entry?.kind === "vary" || (entry?.kind === "answer" && entry.freshUntil > now)) return;
    this.#entries.set(variantKey, { kind: "uncacheable", until: now + cacheLimits.uncacheableMs });
  }

  clear(): void {
    this.#entries.clear();
  }

  #dropOldest(variants: Set<string>): void {
    const [oldest] = variants;
    if (oldest === undefined) return;
    variants.delete(oldest);
    this.#entries.delete(oldest);
  }

  #dropVariants(mark: VaryMark, key: string): void {
    const successor = this.#entries.peek(key);
    if (successor?.kind === "vary" && successor.variants === mark.variants) return;
    for (const variantKey of mark.variants) this.#entries.delete(variantKey);
  }
}

function missAt(entry: UncacheableMark | InvalidatedMark, variantKey: string, now: number): CacheLookup {
  const isUncacheable = entry.kind === "uncacheable" && entry.until > now;
  return isUncacheable ? { kind: "uncacheable", variantKey } : { kind: "miss", variantKey, reason: "uri-miss" };
}

function entryBytes(entry: Entry, key: string): number {
  if (entry.kind === "answer") return ENTRY_BYTES + key.length + entry.bodyBytes + entry.headers.length;
  return ENTRY_BYTES + key.length + (entry.kind === "vary" ? entry.variants.size * VARIANT_BYTES : 0);
}
