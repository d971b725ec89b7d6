/**
 * A map of bounded total size that lets go of what was not used since its last turn (SIEVE, Zhang et al., NSDI 2024).
 *
 * A use only sets a mark, where the least-recently-used order would move the entry: most of what a hit costs in the cache would be that. What is
 * used once goes soonest, so that a scan does not displace what is used again. Knows nothing of what it holds. Invariant: the sizes of all entries
 * together are at most `sizeMax`.
 */

export interface SieveMapOptions<V> {
  /** In the unit of `sizeOf`. */
  readonly sizeMax: number;
  /** Asked once, when the value is set. At least 0. */
  readonly sizeOf: (value: V, key: string) => number;
  /** Told of each value that is not held any more, also of one that was replaced; not by `clear`. May change the map. */
  readonly onGone?: (value: V, key: string) => void;
}

interface Node<V> {
  readonly key: string;
  readonly value: V;
  readonly size: number;
  wasUsed: boolean;
  newer: Node<V> | null;
  older: Node<V> | null;
}

export class SieveMap<V> {
  readonly #options: SieveMapOptions<V>;
  readonly #nodes = new Map<string, Node<V>>();
  #newest: Node<V> | null = null;
  #oldest: Node<V> | null = null;
  /** Whose turn it is next; null: the oldest's. */
  #hand: Node<V> | null = null;
  #total = 0;

  constructor(options: SieveMapOptions<V>) {
    this.#options = options;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get sizeMax(): number {
    return this.#options.sizeMax;
  }

  /** The sizes of all entries together. */
  get total(): number {
    return this.#total;
  }

  get(key: string): V | undefined {
    const node = this.#nodes.get(key);
    if (node === undefined) return undefined;
    node.wasUsed = true;
    return node.value;
  }

  /** The same without counting as a use. */
  peek(key: string): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  /** Holds the value, unless it is larger than the whole map may be; then the key has none. */
  set(key: string, value: V): void {
    const size = this.#options.sizeOf(value, key);
    const known = this.#nodes.get(key);
    if (known !== undefined) this.#unlink(known);
    if (size <= this.#options.sizeMax) {
      // Before it is there: nothing makes room for itself.
      while (this.#total + size > this.#options.sizeMax) this.#evict();
      this.#insert({ key, value, size, wasUsed: known !== undefined, newer: null, older: this.#newest });
    }
    if (known !== undefined && known.value !== value) this.#options.onGone?.(known.value, key);
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    if (node === undefined) return;
    this.#unlink(node);
    this.#options.onGone?.(node.value, key);
  }

  clear(): void {
    this.#nodes.clear();
    this.#newest = null;
    this.#oldest = null;
    this.#hand = null;
    this.#total = 0;
  }

  #insert(node: Node<V>): void {
    this.#nodes.set(node.key, node);
    this.#total += node.size;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  /** Drops the first from the hand on that was not used since it was passed last; there is one after a round at the latest. */
  #evict(): void {
    let node = this.#hand ?? this.#oldest;
    while (node?.wasUsed === true) {
      node.wasUsed = false;
      node = node.newer ?? this.#oldest;
    }
    if (node === null) return;
    this.#hand = node.newer;
    this.#unlink(node);
    this.#options.onGone?.(node.value, node.key);
  }

  #unlink(node: Node<V>): void {
    if (this.#hand === node) this.#hand = node.newer;
    if (node.older === null) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === null) this.#newest = node.older;
    else node.newer.older = node.older;
    this.#nodes.delete(node.key);
    this.#total -= node.size;
  }
}
