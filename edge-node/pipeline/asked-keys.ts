/**
 * The URLs that the origin is asked for to fill the cache, by whomever: for others, alone, or after those who waited gave up.
 *
 * A change of such a URL has to leave a mark in the cache, since what is on its way may be what the change made untrue. Bounded by the requests on their
 * way: each is counted once, from `begin` to `end`.
 */
export class AskedKeys {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  /** Before what its answers vary with. */
  has(key: string): boolean {
    return this.#counts.has(key);
  }

  begin(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  end(key: string): void {
    const others = (this.#counts.get(key) ?? 1) - 1;
    if (others > 0) this.#counts.set(key, others);
    else this.#counts.delete(key);
  }
}
