/**
 * Collects items and sends them in batches, one batch at a time, with a bounded queue.
 *
 * Knows nothing of what it sends or where to. Invariant: never more than `queueMax` items are held; the oldest are dropped and counted,
 * and a batch that could not be sent is tried again before newer ones.
 */
import type { CancelTimer, Clock } from "../clock.ts";

export interface BatchSenderOptions<T> {
  /** A rejection keeps the batch for another attempt. */
  readonly send: (items: readonly T[]) => Promise<void>;
  /** Longest wait of an item before its batch is sent. */
  readonly intervalMs: number;
  /** Wait after a failure. */
  readonly retryMs: number;
  /** Items in one batch; a full one is sent at once. */
  readonly batchMax: number;
  readonly queueMax: number;
  readonly clock: Clock;
}

export class BatchSender<T> {
  readonly #options: BatchSenderOptions<T>;
  #queue: T[] = [];
  #sending: Promise<void> | null = null;
  #cancelTimer: CancelTimer | null = null;
  #waitsAfterFailure = false;
  #dropped = 0;
  #closed = false;

  constructor(options: BatchSenderOptions<T>) {
    this.#options = options;
  }

  /** Items dropped because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  push(items: readonly T[]): void {
    if (this.#closed || items.length === 0) return;
    this.#queue.push(...items);
    this.#dropOldest();
    this.#schedule();
  }

  /** Sends what is queued, one attempt for each batch, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#clearTimer();
    await this.#sending;
    this.#clearTimer();
    while (this.#queue.length > 0) {
      const before = this.#queue.length;
      await this.#sendBatch();
      this.#clearTimer();
      if (this.#queue.length >= before) return;
    }
  }

  #schedule(): void {
    if (this.#sending !== null || this.#queue.length === 0 || this.#waitsAfterFailure) return;
    if (this.#queue.length >= this.#options.batchMax) {
      this.#clearTimer();
      this.#start();
    } else {
      this.#cancelTimer ??= this.#options.clock.after(this.#options.intervalMs, () => this.#start());
    }
  }

  #start(): void {
    this.#cancelTimer = null;
    this.#waitsAfterFailure = false;
    // #sendBatch never rejects.
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = null;
      if (!this.#closed) this.#schedule();
    });
  }

  async #sendBatch(): Promise<void> {
    const { batchMax, clock, retryMs, send } = this.#options;
    const batch = this.#queue.splice(0, batchMax);
    try {
      await send(batch);
    } catch {
      this.#queue.unshift(...batch);
      this.#dropOldest();
      this.#waitsAfterFailure = true;
      this.#cancelTimer = clock.after(retryMs, () => this.#start());
    }
  }

  #dropOldest(): void {
    const overflow = this.#queue.length - this.#options.queueMax;
    if (overflow <= 0) return;
    this.#queue.splice(0, overflow);
    this.#dropped += overflow;
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}
