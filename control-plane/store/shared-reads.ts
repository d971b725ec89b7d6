/**
 * Looks into the store that many requests need at once: those asked for in one turn of the event loop share one transaction, and equal ones one look.
 *
 * Knows nothing of what is read. Invariant: a look sees every change that was acknowledged before it was asked for, since it begins afterwards.
 */
import type { Store, StoreView } from "../store.ts";

export class SharedReads<T> {
  readonly #store: Pick<Store, "read">;
  readonly #look: (view: StoreView, key: string) => Promise<T>;
  #waiting = new Map<string, PromiseWithResolvers<T>>();
  #scheduled = false;

  /** `look` reads what belongs to a key; what it throws is told to those who asked for that key. */
  constructor(store: Pick<Store, "read">, look: (view: StoreView, key: string) => Promise<T>) {
    this.#store = store;
    this.#look = look;
  }

  get(key: string): Promise<T> {
    const found = this.#waiting.get(key) ?? Promise.withResolvers<T>();
    this.#waiting.set(key, found);
    this.#schedule();
    return found.promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const looks = this.#waiting;
      this.#waiting = new Map();
      this.#store
        .read((view) => this.#answer(view, looks))
        .catch((error: unknown) => {
          // Those that were answered before do not hear of it.
          for (const { reject } of looks.values()) reject(error);
        });
    });
  }

  async #answer(view: StoreView, looks: ReadonlyMap<string, PromiseWithResolvers<T>>): Promise<void> {
    for (const [key, { resolve, reject }] of looks) {
      try {
        resolve(await this.#look(view, key));
      } catch (error) {
        reject(error);
      }
    }
  }
}
