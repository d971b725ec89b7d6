/** Wakes everybody who waits for something to have changed; carries no value, so a waiter looks again by itself. */
export class ChangeSignal {
  readonly #waiters = new Set<() => void>();

  /** Resolves at the next `notify`. Taken before looking, it misses nothing. `cancel` drops it. */
  next(): { readonly changed: Promise<void>; cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    return { changed: promise, cancel: () => this.#waiters.delete(resolve) };
  }

  notify(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}
