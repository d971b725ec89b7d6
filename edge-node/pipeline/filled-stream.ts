/**
 * A body on its way to its reader that is written to the disk as it passes.
 *
 * Knows neither keys nor freshness. Invariants: the entry is finished only after the source ended by itself, or given up, once; the reader gets every
 * byte whatever the disk does, and waits for it no longer than a fill does.
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
  /** What the reader waits for. */
  #taking: Promise<IteratorResult<Uint8Array, void>> | null = null;
  /** The reader is there. */
  #isOpen = true;
  /** The entry was finished or given up. */
  #isEnded = false;

  constructor(source: AsyncIterable<Uint8Array>, options: FilledStreamOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    if (!this.#isOpen) return DONE;
    this.#taking = this.#take();
    const item = await this.#taking;
    this.#taking = null;
    // Whoever left meanwhile gave the entry up, or lets the rest come.
    if (item.done !== true || !this.#isOpen) return item;
    this.#isOpen = false;
    this.#options.inBackground(this.#finish());
    return DONE;
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    if (!this.#isOpen) return DONE;
    this.#isOpen = false;
    if (this.#options.isWorthKeeping()) this.#options.inBackground(this.#fetchRest());
    else {
      await this.#abort();
      await this.#source.return?.();
    }
    return DONE;
  }

  async #take(): Promise<IteratorResult<Uint8Array, void>> {
    try {
      const item = await this.#source.next();
      if (item.done === true) return DONE;
      if (!this.#isEnded) await this.#options.fill.write(item.value);
      return item;
    } catch (error) {
      this.#isOpen = false;
      await this.#abort();
      throw error;
    }
  }

  async #fetchRest(): Promise<void> {
    try {
      // What the reader asked for last comes first.
      let item = await this.#taking;
      while (item?.done !== true) item = await this.#take();
      await this.#finish();
    } catch {
      // The fill is given up; nobody reads it.
    }
  }

  async #abort(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#options.fill.abort();
  }

  async #finish(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (await this.#options.fill.finish()) this.#options.onFilled();
  }
}
