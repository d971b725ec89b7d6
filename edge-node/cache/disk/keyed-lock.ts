/** Runs what has the same key one after the other, and what has different keys at once. Keeps nothing of a key that nobody uses. */
export class KeyedLock {
  readonly #tails = new Map<number, Promise<unknown>>();

  async run<T>(key: number, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const mine = before === undefined ? task() : before.then(task, task);
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }
}
