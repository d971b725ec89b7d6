/** Keys that something is being done with, and how often. Keeps nothing of a key that is left. */
export class BusyKeys {
  readonly #counts = new Map<string, number>();

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** What it returns is to be called when that ended; further calls do nothing. */
  enter(key: string): () => void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const others = (this.#counts.get(key) ?? 1) - 1;
      if (others > 0) this.#counts.set(key, others);
      else this.#counts.delete(key);
    };
  }

  async while<T>(key: string, run: () => Promise<T>): Promise<T> {
    const leave = this.enter(key);
    try {
      return await run();
    } finally {
      leave();
    }
  }
}
