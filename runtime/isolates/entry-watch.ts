/**
 * Whether an isolate's thread has come back from the entries into it that were watched.
 *
 * An isolate that was disposed counts as gone at once, but a thread that is inside a long builtin (`indexOf`, `fill`, a BigInt product) notices
 * nothing and goes on; an entry's promise settles only when the thread is back.
 */
export class EntryWatch {
  #open = 0;
  #whenBack: (() => void)[] = [];

  /** Entries that were watched and have not come back. */
  get open(): number {
    return this.#open;
  }

  /** Counts `entry` until it settles, however it does. */
  watch(entry: Promise<unknown>): void {
    this.#open += 1;
    const back = (): void => {
      this.#open -= 1;
      if (this.#open > 0) return;
      for (const tell of this.#whenBack.splice(0)) tell();
    };
    entry.then(back, back);
  }

  /** Resolves when none is open; never when the thread does not come back. */
  whenBack(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenBack.push(resolve);
    });
  }
}
