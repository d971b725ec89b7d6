/**
 * Turns pushed chunks into a pulled body: between a socket that delivers when it wants and a reader that reads when it can.
 *
 * Knows neither side: `pause` and `resume` slow the source, `cancel` gives it up. Invariant: at most `bytesMax` bytes plus one chunk wait
 * here as long as the source obeys `pause`; a failed source makes the reader throw after what had arrived.
 */
export interface ByteSource {
  pause(): void;
  resume(): void;
  /** The reader wants no more; called once, and not after the end. */
  cancel(): void;
}

interface Waiting {
  resolve(result: IteratorResult<Uint8Array, void>): void;
  reject(error: unknown): void;
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };

/** Read once. */
export class ByteQueue implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, void> {
  readonly #source: ByteSource;
  readonly #bytesMax: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #paused = false;
  #state: "open" | "ended" | "failed" | "cancelled" = "open";
  #error: unknown;
  #waiting: Waiting | null = null;

  constructor(source: ByteSource, options: { readonly bytesMax: number }) {
    this.#source = source;
    this.#bytesMax = options.bytesMax;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Takes ownership of the chunk. Ignored after the end. */
  push(chunk: Uint8Array): void {
    if (this.#state !== "open" || chunk.byteLength === 0) return;
    if (this.#waiting !== null) {
      this.#settle().resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes >= this.#bytesMax && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    if (this.#waiting !== null) this.#settle().resolve(DONE);
  }

  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#error = error;
    if (this.#waiting !== null) this.#settle().reject(error);
  }

  next(): Promise<IteratorResult<Uint8Array, void>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bytes -= chunk.byteLength;
      this.#resumeWhenDrained();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#state === "failed") return Promise.reject(this.#error);
    if (this.#state !== "open") return Promise.resolve(DONE);
    if (this.#waiting !== null) return Promise.reject(new Error("Cannot read a body twice at once"));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Uint8Array, void>> {
    const open = this.#state === "open";
    this.#state = "cancelled";
    this.#chunks = [];
    this.#bytes = 0;
    if (this.#waiting !== null) this.#settle().resolve(DONE);
    if (open) this.#source.cancel();
    return Promise.resolve(DONE);
  }

  #settle(): Waiting {
    const waiting = this.#waiting as Waiting;
    this.#waiting = null;
    return waiting;
  }

  #resumeWhenDrained(): void {
    if (!this.#paused || this.#bytes > this.#bytesMax / 2) return;
    this.#paused = false;
    if (this.#state === "open") this.#source.resume();
  }
}
