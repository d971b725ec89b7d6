/**
 * Works on the same key follow each other in the order they came; works on different keys know nothing of each other.
 *
 * Invariant: a key is remembered only while there is work on it.
 */
export class Turns<K> {
  /** Settles, and never rejects, when the last work so far on a key is over. */
  readonly #last = new Map<K, Promise<void>>();

  /** What `work` gives or throws, when all works before it on `key` are over, however they ended. */
  async take<T>(key: K, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(key, promise);
    try {
      await before;
      return await work();
    } finally {
      if (this.#last.get(key) === promise) this.#last.delete(key);
      resolve();
    }
  }
}
