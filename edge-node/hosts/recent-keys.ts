/** Keys that were noted in the present generation or in the one before it: what is not noted again is forgotten after one to two. */
export class RecentKeys {
  #present = new Set<string>();
  #earlier = new Set<string>();

  add(key: string): void {
    this.#present.add(key);
  }

  delete(key: string): void {
    this.#present.delete(key);
    this.#earlier.delete(key);
  }

  /** Begins a new generation. */
  age(): void {
    if (this.#present.size === 0 && this.#earlier.size === 0) return;
    this.#earlier = this.#present;
    this.#present = new Set();
  }

  get keys(): readonly string[] {
    return [...new Set([...this.#present, ...this.#earlier])];
  }
}
