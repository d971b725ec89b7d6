/**
 * A body that is read from its source once, kept whole, and handed to any number of readers while it still arrives.
 *
 * Knows nothing of keys or freshness. The source is read at its own speed up to `bytesMax`; a body of unknown length that grows beyond
 * overflows: it is then no longer kept, and its one reader pulls the rest through. Invariant: a source that breaks off makes every reader
 * throw; no reader ever ends early as if the body were complete.
 */

export type SharedBodyEnd =
  | { readonly kind: "complete"; readonly bytes: Uint8Array }
  | { readonly kind: "overflow" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface SharedBodyOptions {
  readonly bytesMax: number;
  /** Asked when the last reader leaves before the end: whether the rest is still worth having. Default yes. */
  readonly isWorthKeeping?: () => boolean;
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };

export class SharedBody {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  readonly #isWorthKeeping: () => boolean;
  readonly #chunks: (Uint8Array | undefined)[] = [];
  #bytes = 0;
  #readers = 0;
  #end: SharedBodyEnd | null = null;
  #waiting: (() => void)[] = [];
  readonly #settled = Promise.withResolvers<SharedBodyEnd>();
  /** Settles when the source ended, broke off or overflowed; never rejects. */
  readonly ended: Promise<SharedBodyEnd>;

  constructor(source: AsyncIterable<Uint8Array>, options: SharedBodyOptions) {
    this.#source = source[Symbol.asyncIterator]();
    this.#bytesMax = options.bytesMax;
    this.#isWorthKeeping = options.isWorthKeeping ?? (() => true);
    // A source that is cancelled may leave its last read open.
    this.ended = Promise.race([this.#settled.promise, this.#fill()]);
  }

  /** The body from its first byte, for one reader. After an overflow only a reader that was there already may go on. */
  read(): AsyncIterableIterator<Uint8Array, void> {
    this.#readers++;
    return new Reader({
      take: (index) => this.#take(index),
      leave: async () => {
        this.#readers--;
        await this.#letGo();
      },
    });
  }

  /** What would have kept the rest worth having may be gone. */
  async reconsider(): Promise<void> {
    await this.#letGo();
  }

  /** Gives the source up, so that readers throw. Harmless when it ended. */
  async cancel(error: unknown): Promise<void> {
    if (this.#end !== null && this.#end.kind !== "overflow") return;
    this.#finish({ kind: "failed", error });
    await this.#source.return?.();
  }

  /** The chunk at `index`, as soon as there is one. */
  async #take(index: number): Promise<IteratorResult<Uint8Array, void>> {
    for (;;) {
      const chunk = this.#chunks[index];
      if (chunk !== undefined) return { done: false, value: chunk };
      if (this.#end !== null) break;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#end.kind === "failed") throw this.#end.error;
    if (this.#end.kind === "complete") return DONE;
    // What was kept has been read; from here on nothing is kept.
    this.#forgetChunks();
    const item = await this.#source.next();
    return item.done === true ? DONE : item;
  }

  /** The places stay, so that a reader's position in the list stays right. */
  #forgetChunks(): void {
    for (const index of this.#chunks.keys()) this.#chunks[index] = undefined;
  }

  /** A body that is not kept and has no reader is of no use. */
  async #letGo(): Promise<void> {
    if (this.#readers > 0) return;
    if (this.#end?.kind === "overflow") await this.#source.return?.();
    else if (this.#end === null && !this.#isWorthKeeping()) await this.cancel(new Error("Nobody reads this body"));
  }

  async #fill(): Promise<SharedBodyEnd> {
    try {
      for (;;) {
        const item = await this.#source.next();
        if (this.#end !== null) return this.#end;
        if (item.done === true) return this.#finish({ kind: "complete", bytes: this.#joined() });
        this.#bytes += item.value.byteLength;
        this.#chunks.push(item.value);
        if (this.#bytes > this.#bytesMax) {
          const end = this.#finish({ kind: "overflow" });
          await this.#letGo();
          return end;
        }
        this.#wake();
      }
    } catch (error) {
      return this.#finish({ kind: "failed", error });
    }
  }

  /** Always a copy: a chunk may be a small view of a large socket buffer, which keeping it would hold. */
  #joined(): Uint8Array {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      if (chunk === undefined) continue;
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole;
  }

  #finish(end: SharedBodyEnd): SharedBodyEnd {
    this.#end ??= end;
    this.#settled.resolve(this.#end);
    this.#wake();
    return this.#end;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

interface ReaderSource {
  take(index: number): Promise<IteratorResult<Uint8Array, void>>;
  leave(): Promise<void>;
}

class Reader implements AsyncIterableIterator<Uint8Array, void> {
  readonly #source: ReaderSource;
  #next = 0;
  #isOpen = true;

  constructor(source: ReaderSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    if (!this.#isOpen) return DONE;
    const item = await this.#source.take(this.#next++);
    if (item.done === true) await this.return();
    return item;
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    if (this.#isOpen) {
      this.#isOpen = false;
      await this.#source.leave();
    }
    return DONE;
  }
}
