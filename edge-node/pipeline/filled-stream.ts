/**
 * A body on its way to its reader that is written to the disk as it passes.
 *
 * Knows neither keys nor freshness. Invariants: the entry is finished only after the source ended by itself; the reader gets every byte whatever
 * the disk does, and waits for it no longer than a fill does.
 */
import type { DiskFill } from "../cache/disk-tier.ts";

export interface FilledStreamOptions {
  readonly fill: DiskFill;
  /** Asked when the reader leaves before the end: whether the rest is fetched for the disk alone. */
  readonly isWorthKeeping: () => boolean;
  /** Takes what goes on without the reader. */
  readonly inBackground: (running: Promise<void>) => void;
  /** The entry is there. */
  readonly onFilled: () => void;
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };

/** Read once. An iterator of its own, since a generator cannot be given up while it waits. */
export class FilledStream implements AsyncIterableIterator<Uint8Array, void> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #options: FilledStreamOptions;
  #isOpen = true;

  constructor(source: AsyncIterable<Uint8Array>, options: FilledStreamOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    if (!this.#isOpen) return DONE;
    const item = await this.#take();
    if (item.done !== true) return item;
    this.#isOpen = false;
    this.#options.inBackground(this.#finish());
    return DONE;
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    if (!this.#isOpen) return DONE;
    this.#isOpen = false;
    if (this.#options.isWorthKeeping()) this.#options.inBackground(this.#fetchRest());
    else {
      await this.#options.fill.abort();
      await this.#source.return?.();
    }
    return DONE;
  }

  async #take(): Promise<IteratorResult<Uint8Array, void>> {
    try {
      const item = await this.#source.next();
      if (item.done === true) return DONE;
      await this.#options.fill.write(item.value);
      return item;
    } catch (error) {
      this.#isOpen = false;
      await this.#options.fill.abort();
      throw error;
    }
  }

  async #fetchRest(): Promise<void> {
    try {
      while ((await this.#take()).done !== true);
      await this.#finish();
    } catch {
      // The fill is given up; nobody reads it.
    }
  }

  async #finish(): Promise<void> {
    if (await this.#options.fill.finish()) this.#options.onFilled();
  }
}
