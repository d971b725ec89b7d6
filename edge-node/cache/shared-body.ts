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
const EMPTY = new Uint8Array();

export class SharedBody {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  readonly #isWorthKeeping: () => boolean;
  readonly #chunks: Uint8Array[] = [];
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
    let next = 0;
    let isOpen = true;
    const leave = async (): Promise<IteratorResult<Uint8Array, void>> => {
      if (isOpen) {
        isOpen = false;
        this.#readers--;
        await this.#letGo();
      }
      return DONE;
    };
    const take = async (): Promise<IteratorResult<Uint8Array, void>> => {
      while (isOpen) {
        const chunk = this.#chunks[next];
        if (chunk !== undefined) {
          next++;
          return { done: false, value: chunk };
        }
        if (this.#end !== null) return this.#afterEnd(leave);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      return DONE;
    };
    const reader = { next: take, return: leave, [Symbol.asyncIterator]: () => reader };
    return reader;
  }

  /** Gives the source up, so that readers throw. Harmless when it ended. */
  async cancel(error: unknown): Promise<void> {
    if (this.#end !== null && this.#end.kind !== "overflow") return;
    this.#finish({ kind: "failed", error });
    await this.#source.return?.();
  }

  async #afterEnd(leave: () => Promise<IteratorResult<Uint8Array, void>>): Promise<IteratorResult<Uint8Array, void>> {
    if (this.#end?.kind === "failed") throw this.#end.error;
    if (this.#end?.kind !== "overflow") return await leave();
    // What was kept has been read; from here on nothing is.
    this.#chunks.fill(EMPTY);
    const item = await this.#source.next();
    return item.done === true ? DONE : item;
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
