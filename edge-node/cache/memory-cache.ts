/**
 * Responses in memory, bounded in bytes, least recently used first out: one per front.
 *
 * Knows keys, variants (`Vary`, RFC 9111 §4.1) and freshness, and no HTTP message: what may be stored is decided in cache-decision.ts.
 * Invariant: a lookup returns only an answer that is fresh now and whose varying request headers equal the asker's.
 */
import { LRUCache } from "lru-cache";
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import type { SharedBody } from "./shared-body.ts";

/** One stored answer. `body` is a SharedBody only while it arrives. */
export interface StoredAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: HeaderText;
  readonly body: Uint8Array | SharedBody;
  readonly bodyBytes: number;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** When the request that brought it was sent, milliseconds since the epoch. */
  readonly requestedAt: number;
  /** Age at `storedAt`. */
  readonly ageMs: number;
  readonly freshUntil: number;
}

/** Stands at the plain key: the request headers that answers under it vary with. */
interface VaryMark {
  readonly kind: "vary";
  readonly names: readonly string[];
}

/** The key's last answer could not be stored: requests for it do not wait for each other. */
interface UncacheableMark {
  readonly kind: "uncacheable";
  readonly until: number;
}

export type CacheLookup =
  | { readonly kind: "hit"; readonly variantKey: string; readonly answer: StoredAnswer }
  /** `variantKey` is where an answer to this request will stand as far as is known. */
  | { readonly kind: "miss"; readonly variantKey: string; readonly reason: "uri-miss" | "vary-miss" | "stale" }
  | { readonly kind: "uncacheable"; readonly variantKey: string };

/** How long a key counts as uncacheable after an answer that could not be stored. */
const UNCACHEABLE_MS = 120_000;
/** What an entry costs beside its strings and body. */
const ENTRY_BYTES = 512;

export class MemoryCache {
  readonly #entries: LRUCache<string, StoredAnswer | VaryMark | UncacheableMark>;

  constructor(options: { readonly bytesMax: number }) {
    this.#entries = new LRUCache({
      maxSize: Math.max(1, options.bytesMax),
      sizeCalculation: (entry, key) =>
        ENTRY_BYTES + key.length + (entry.kind === "answer" ? entry.bodyBytes + entry.headers.length : 0),
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
    if (first.kind !== "vary") return judge(first, { variantKey: key, now });
    const variantKey = variantKeyOf(key, first.names, requestHeaders);
    const second = this.#entries.get(variantKey);
    if (second === undefined || second.kind === "vary") return { kind: "miss", variantKey, reason: "vary-miss" };
    return judge(second, { variantKey, now });
  }

  /** Stores an answer under the key and, when it varies, under the request's variant. Returns where it stands. */
  store(key: string, requestHeaders: HeaderText, answer: StoredAnswer): string {
    const names = varyNames(answer.headers);
    if (names.length === 0) {
      this.#entries.set(key, answer);
      return key;
    }
    const known = this.#entries.get(key);
    const all = known?.kind === "vary" ? [...new Set([...known.names, ...names])].sort() : names;
    this.#entries.set(key, { kind: "vary", names: all });
    const variantKey = variantKeyOf(key, all, requestHeaders);
    this.#entries.set(variantKey, answer);
    return variantKey;
  }

  /** Replaces an answer that still arrived by its whole; nothing when it was evicted or replaced meanwhile. */
  complete(variantKey: string, arriving: StoredAnswer, bytes: Uint8Array): void {
    if (this.#entries.peek(variantKey) !== arriving) return;
    this.#entries.set(variantKey, { ...arriving, body: bytes, bodyBytes: bytes.byteLength });
  }

  /** Forgets an answer that broke off or was purged, unless another stands in its place. */
  remove(variantKey: string, answer: StoredAnswer): void {
    if (this.#entries.peek(variantKey) === answer) this.#entries.delete(variantKey);
  }

  /** Remembers that the key's answer cannot be stored, unless a fresh answer or its variants stand there. */
  markUncacheable(variantKey: string, now: number): void {
    const entry = this.#entries.peek(variantKey);
    if (entry?.kind === "uncacheable" && entry.until - now > UNCACHEABLE_MS / 2) return;
    if (entry?.kind === "vary" || (entry?.kind === "answer" && entry.freshUntil > now)) return;
    this.#entries.set(variantKey, { kind: "uncacheable", until: now + UNCACHEABLE_MS });
  }

  clear(): void {
    this.#entries.clear();
  }
}

function judge(
  entry: StoredAnswer | UncacheableMark,
  asked: { readonly variantKey: string; readonly now: number },
): CacheLookup {
  const { variantKey, now } = asked;
  if (entry.kind === "uncacheable") {
    return entry.until > now ? { kind: "uncacheable", variantKey } : { kind: "miss", variantKey, reason: "uri-miss" };
  }
  return entry.freshUntil > now
    ? { kind: "hit", variantKey, answer: entry }
    : { kind: "miss", variantKey, reason: "stale" };
}

/** The names in `Vary`, lower case, sorted, each once. */
function varyNames(headers: HeaderText): readonly string[] {
  const names = getAllHeaders(headers, "vary")
    .join(",")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return [...new Set(names)].sort();
}

/** Cannot collide with a plain key or another variant: keys and values hold no line feed. */
function variantKeyOf(key: string, names: readonly string[], requestHeaders: HeaderText): string {
  const values = names.map((name) => `${name}:${getAllHeaders(requestHeaders, name).join(",")}`);
  return `${key}\n${values.join("\n")}`;
}
