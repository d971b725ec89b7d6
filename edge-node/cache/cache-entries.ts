/**
 * The entries of one cache of a function, found by URL: exactly, without the query, or all of them.
 *
 * Knows no bound and evicts nothing by itself. Invariant: entries come out in the order they were stored.
 */
import { headerEntries, type HeaderText } from "../../sdk/header-text.ts";
import type { CachedHead } from "../../runtime/cache-call.ts";

export interface CacheEntry {
  /** Grows with every entry of the function. */
  readonly id: number;
  readonly url: string;
  readonly requestHeaders: HeaderText;
  readonly head: CachedHead;
  readonly bytes: Uint8Array;
  /** Names in Vary with the values that the stored request had. */
  readonly varies: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** Age at `storedAt`. */
  readonly ageMs: number;
  /** Undefined: no end was said. */
  readonly freshUntil: number | undefined;
  readonly home: CacheEntries;
}

export interface EntryQuery {
  readonly url: string;
  readonly headers: HeaderText;
  readonly ignoreSearch: boolean;
  readonly ignoreVary: boolean;
}

export class CacheEntries {
  readonly #byUrl = new Map<string, CacheEntry[]>();
  /** URLs by what they are without their query. */
  readonly #byPath = new Map<string, Set<string>>();

  add(entry: CacheEntry): void {
    const { url } = entry;
    const variants = this.#byUrl.get(url);
    if (variants !== undefined) {
      variants.push(entry);
      return;
    }
    this.#byUrl.set(url, [entry]);
    const path = withoutQuery(url);
    const urls = this.#byPath.get(path);
    if (urls === undefined) this.#byPath.set(path, new Set([url]));
    else urls.add(url);
  }

  remove(entry: CacheEntry): void {
    const { url } = entry;
    const others = this.#byUrl.get(url)?.filter((other) => other !== entry) ?? [];
    if (others.length > 0) {
      this.#byUrl.set(url, others);
      return;
    }
    this.#byUrl.delete(url);
    const path = withoutQuery(url);
    const urls = this.#byPath.get(path);
    urls?.delete(url);
    if (urls?.size === 0) this.#byPath.delete(path);
  }

  /** Entries of exactly this URL. */
  variants(url: string): readonly CacheEntry[] {
    return this.#byUrl.get(url) ?? [];
  }

  all(): CacheEntry[] {
    return inOrder([...this.#byUrl.values()].flat());
  }

  /** Fresh or not. */
  find({ url, headers, ignoreSearch, ignoreVary }: EntryQuery): CacheEntry[] {
    const found = ignoreSearch
      ? inOrder([...(this.#byPath.get(withoutQuery(url)) ?? [])].flatMap((each) => this.variants(each)))
      : [...this.variants(url)];
    if (ignoreVary || found.every(({ varies }) => varies.length === 0)) return found;
    // Read once: a function may have stored many entries that vary with many fields.
    const asked = varyingValues(headers);
    return found.filter(({ varies }) => varies.every(([name, value]) => (asked.get(name) ?? absent) === value));
  }
}

/** No field value holds a line feed: an absent field is not an empty one. */
const absent = "\n";

/** The named fields with the values that another request must have as well (RFC 9111 §4.1); names are in lower case. */
export function varyingFields(headers: HeaderText, names: readonly string[]): CacheEntry["varies"] {
  const values = varyingValues(headers);
  return names.map((name) => [name, values.get(name) ?? absent] as const);
}

function varyingValues(headers: HeaderText): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of headerEntries(headers)) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return values;
}

function inOrder(entries: CacheEntry[]): CacheEntry[] {
  return entries.sort((a, b) => a.id - b.id);
}

function withoutQuery(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? url : url.slice(0, at);
}
