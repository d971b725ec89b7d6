/**
 * Sends items as soon as they come; those that come while a batch is on its way leave together in the next.
 *
 * Knows nothing of what it sends. Invariant: items leave in the order in which they came, one batch at a time.
 */

export interface BatchWhileSendingOptions<T> {
  /** Never rejects. */
  readonly send: (items: readonly T[]) => Promise<void>;
  readonly bytesOf: (item: T) => number;
  /** Items in one batch, and their bytes; one item alone may be larger. */
  readonly batchMax: number;
  readonly batchBytesMax: number;
}

export class BatchWhileSending<T> {
  readonly #options: BatchWhileSendingOptions<T>;
  #waiting: T[] = [];
  #isSending = false;

  constructor(options: BatchWhileSendingOptions<T>) {
    this.#options = options;
  }

  /** Resolves when nothing waits any more; at once while others are being sent, so that steady work leaves no promises behind. */
  async push(item: T): Promise<void> {
    this.#waiting.push(item);
    if (this.#isSending) return;
    this.#isSending = true;
    await this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#options.send(this.#nextBatch());
    } finally {
      this.#isSending = false;
    }
  }

  #nextBatch(): readonly T[] {
    const { bytesOf, batchMax, batchBytesMax } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const item of this.#waiting) {
      bytes += bytesOf(item);
      if (count > 0 && (count >= batchMax || bytes > batchBytesMax)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
