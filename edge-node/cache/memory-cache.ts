/**
 * Responses in memory, bounded in bytes, what is not used again first out: one per front.
 *
 * Knows keys and variants (`Vary`, RFC 9111 §4.1), and neither HTTP messages nor time beyond its marks: what may be stored is decided in
 * cache-decision.ts, what may be used in reuse.ts. Invariants: a lookup returns only an answer whose varying request headers equal the
 * asker's; a variant is gone as soon as the mark that leads to it is; what was requested before its URL was invalidated is not stored.
 */
import type { HeaderText } from "../../sdk/header-text.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import { DiskBody } from "./disk-body.ts";
import { SieveMap } from "./sieve-map.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { isUnderMark, variantKeyUnder, varyNames, type VaryMark } from "./vary.ts";

/** Stands at the plain key: the request headers that answers under it vary with, and where these are. */
interface Variants {
  readonly kind: "vary";
  readonly mark: VaryMark;
  /** In the order they were stored; handed on from mark to mark of one key. */
  readonly variants: Set<string>;
  /** What was asked for up to this time is not true any more; -Infinity: the URL was not invalidated. */
  readonly invalidatedAt: number;
}

/** The key's last answer could not be stored: requests for it do not wait for each other. */
interface UncacheableMark {
  readonly kind: "uncacheable";
  readonly until: number;
  /** See Variants. */
  readonly invalidatedAt: number;
}

/** What was asked for up to this time is not true any more. */
interface InvalidatedMark {
  readonly kind: "invalidated";
  readonly at: number;
}

/** Where an answer stands. */
export interface StoredPlace {
  readonly key: string;
  readonly variantKey: string;
  /** What leads from `key` to `variantKey`; null when they are the same. One value as long as it says the same. */
  readonly mark: VaryMark | null;
}

type Entry = StoredAnswer | Variants | UncacheableMark | InvalidatedMark;

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
  readonly #entries: SieveMap<Entry>;

  constructor(options: { readonly bytesMax: number }) {
    this.#entries = new SieveMap<Entry>({
      sizeMax: options.bytesMax,
      sizeOf: entryBytes,
      onGone: (entry, key) => {
        if (entry.kind === "vary") this.#dropVariants(entry, key);
      },
    });
  }

  get bytes(): number {
    return this.#entries.total;
  }

  /** Whether an answer of that length gets in without another one leaving. */
  hasRoomFor(bodyBytes: number): boolean {
    return this.#entries.total + ENTRY_BYTES + bodyBytes <= this.#entries.sizeMax;
  }

  /** Whether an answer of that length gets in if others leave for it. */
  canHold(bodyBytes: number): boolean {
    return ENTRY_BYTES + bodyBytes <= this.#entries.sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  lookup(key: string, requestHeaders: HeaderText, now: number): CacheLookup {
    const first = this.#entries.get(key);
    if (first === undefined) return { kind: "miss", variantKey: key, reason: "uri-miss" };
    if (first.kind === "answer") return first;
    if (first.kind !== "vary") return missAt(first, key, now);
    const variantKey = variantKeyUnder(key, first.mark, requestHeaders);
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
    return entry?.kind === "vary" ? variantKeyUnder(key, entry.mark, requestHeaders) : key;
  }

  /** Whether an answer that was asked for then may still be stored: its URL was not invalidated since. */
  accepts(key: string, requestedAt: number): boolean {
    return requestedAt > invalidatedAt(this.#entries.peek(key));
  }

  /** Whether a later answer stands there. */
  hasNewer(variantKey: string, requestedAt: number): boolean {
    const known = this.#entries.peek(variantKey);
    return known?.kind === "answer" && known.requestedAt > requestedAt;
  }

  /** When the latest of the answers was asked for that such a one would take the place of; -Infinity: there is none. */
  latestRequestedAt(key: string, requestHeaders: HeaderText, { headers }: Pick<StoredAnswer, "headers">): number {
    const known = this.#entries.peek(key);
    if (known?.kind !== "vary") return requestedAtOf(known);
    const variantKeys =
      varyNames(headers).length === 0 ? known.variants : [variantKeyUnder(key, known.mark, requestHeaders)];
    let latest = -Infinity;
    for (const variantKey of variantKeys) latest = Math.max(latest, requestedAtOf(this.#entries.peek(variantKey)));
    return latest;
  }

  /**
   * Stores an answer under the key and, when it varies, under the request's variant; one whose body is on the disk only leaves its mark. Null when
   * its URL was invalidated after it had been asked for.
   */
  store(key: string, requestHeaders: HeaderText, answer: StoredAnswer): StoredPlace | null {
    const place = this.place(key, requestHeaders, answer);
    if (place !== null && !(answer.body instanceof DiskBody)) this.#setAnswer(key, place.variantKey, answer);
    return place;
  }

  /** Where that answer belongs, and the way there. Null as with `store`. */
  place(key: string, requestHeaders: HeaderText, answer: StoredAnswer): StoredPlace | null {
    if (!this.accepts(key, answer.requestedAt)) return null;
    const names = varyNames(answer.headers);
    if (names.length === 0) return { key, variantKey: key, mark: null };
    const known = this.#entries.peek(key);
    const before = known?.kind === "vary" ? known : null;
    const grown = before === null ? null : markWith(names, before.mark);
    const mark = grown ?? { names, since: Math.max(answer.requestedAt, (before?.mark.since ?? -1) + 1) };
    const variants = grown === null || before === null ? new Set<string>() : before.variants;
    const variantKey = variantKeyUnder(key, mark, requestHeaders);
    this.#addVariant(key, { mark, variants, variantKey, invalidatedAt: invalidatedAt(known) });
    return { key, variantKey, mark };
  }

  /** Takes a mark that was found on the disk, unless something newer stands there. */
  learnMark(key: string, mark: VaryMark): void {
    const known = this.#entries.peek(key);
    if (known?.kind === "vary" || known?.kind === "answer" || !this.accepts(key, mark.since)) return;
    this.#entries.set(key, { kind: "vary", mark, variants: new Set(), invalidatedAt: invalidatedAt(known) });
  }

  /** Takes an answer that was found on the disk, unless something newer stands there or nothing leads to it. */
  adopt(key: string, variantKey: string, answer: StoredAnswer): void {
    if (!this.accepts(key, answer.requestedAt) || answer.body instanceof DiskBody) return;
    const known = this.#entries.peek(variantKey);
    if (known?.kind === "vary" || (known?.kind === "answer" && known.requestedAt >= answer.requestedAt)) return;
    if (variantKey !== key) {
      const first = this.#entries.peek(key);
      if (first?.kind !== "vary" || !isUnderMark(variantKey, { key, since: first.mark.since })) return;
      this.#addVariant(key, { ...first, variantKey });
    }
    this.#setAnswer(key, variantKey, answer);
  }

  /** Replaces an answer that still arrived by its whole, which it gives back; undefined when its body is not there any more. */
  complete(variantKey: string, arriving: StoredAnswer, bytes: Uint8Array): StoredAnswer | undefined {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind !== "answer" || entry.body !== arriving.body) return undefined;
    const whole = { ...entry, body: bytes, bodyBytes: bytes.byteLength };
    this.#entries.set(variantKey, whole);
    return whole;
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
    // News of an earlier change may come after a later one.
    this.#entries.set(key, { kind: "invalidated", at: Math.max(options.now, invalidatedAt(known)) });
  }

  /** Remembers that the key's answer cannot be stored, unless an answer or its variants stand there. */
  markUncacheable(variantKey: string, now: number): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind === "uncacheable" && entry.until - now > cacheLimits.uncacheableMs / 2) return;
    if (entry?.kind === "vary" || (entry?.kind === "answer" && entry.freshUntil > now)) return;
    const until = now + cacheLimits.uncacheableMs;
    this.#entries.set(variantKey, { kind: "uncacheable", until, invalidatedAt: invalidatedAt(entry) });
  }

  /** An answer can be found elsewhere now. */
  forgetUncacheable(variantKey: string): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind !== "uncacheable") return;
    if (entry.invalidatedAt === -Infinity) this.#entries.delete(variantKey);
    else this.#entries.set(variantKey, { kind: "invalidated", at: entry.invalidatedAt });
  }

  clear(): void {
    this.#entries.clear();
  }

  #setAnswer(key: string, variantKey: string, answer: StoredAnswer): void {
    this.#entries.set(variantKey, answer);
    // Making room for it may have cost the mark that leads to it.
    if (variantKey !== key && this.#entries.peek(key)?.kind !== "vary") this.#entries.delete(variantKey);
  }

  #addVariant(key: string, { variantKey, ...vary }: Omit<Variants, "kind"> & { readonly variantKey: string }): void {
    const { variants } = vary;
    variants.delete(variantKey);
    variants.add(variantKey);
    this.#entries.set(key, { ...vary, kind: "vary" });
    if (variants.size > cacheLimits.variantsPerUrlMax) this.#dropOldest(variants);
  }

  #dropOldest(variants: Set<string>): void {
    const [oldest] = variants;
    if (oldest === undefined) return;
    variants.delete(oldest);
    this.#entries.delete(oldest);
  }

  #dropVariants(gone: Variants, key: string): void {
    const successor = this.#entries.peek(key);
    if (successor?.kind === "vary" && successor.variants === gone.variants) return;
    for (const variantKey of gone.variants) this.#entries.delete(variantKey);
  }
}

/**
 * The same value when it says that already. Null: the names would be too many. A mark without those of before begins then, which leads to none of
 * the answers of before: no answer stands where a request is looked for that differs in a name of its Vary.
 */
function markWith(names: readonly string[], mark: VaryMark): VaryMark | null {
  if (names.every((name) => mark.names.includes(name))) return mark;
  const all = [...new Set([...mark.names, ...names])].sort();
  return all.length > cacheLimits.varyNamesPerUrlMax ? null : { names: all, since: mark.since };
}

/** -Infinity: it is no answer. */
function requestedAtOf(entry: Entry | undefined): number {
  return entry?.kind === "answer" ? entry.requestedAt : -Infinity;
}

/** -Infinity: never, as far as is known. */
function invalidatedAt(entry: Entry | undefined): number {
  if (entry?.kind === "vary" || entry?.kind === "uncacheable") return entry.invalidatedAt;
  return entry?.kind === "invalidated" ? entry.at : -Infinity;
}

function missAt(entry: UncacheableMark | InvalidatedMark, variantKey: string, now: number): CacheLookup {
  const isUncacheable = entry.kind === "uncacheable" && entry.until > now;
  return isUncacheable ? { kind: "uncacheable", variantKey } : { kind: "miss", variantKey, reason: "uri-miss" };
}

function entryBytes(entry: Entry, key: string): number {
  if (entry.kind === "answer") return ENTRY_BYTES + key.length + entry.bodyBytes + entry.headers.length;
  return ENTRY_BYTES + key.length + (entry.kind === "vary" ? markBytes(entry) : 0);
}

function markBytes({ mark, variants }: Variants): number {
  return mark.names.reduce((sum, name) => sum + name.length, variants.size * VARIANT_BYTES);
}
