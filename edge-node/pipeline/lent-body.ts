/**
 * A body stream lent to a function: it can be taken back as long as nobody read of it.
 *
 * A function that fails or ignores its message leaves the body to the pipeline, which then goes on with it. Invariant: the source is cancelled
 * only by a holder who read of it or who was given it for good.
 */
import type { Body } from "../../runtime/body.ts";

type StreamBody = Extract<Body, { kind: "stream" }>;

export class LentBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, void> {
  readonly #original: StreamBody;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #touched = false;
  #given = false;
  #over = false;

  constructor(original: StreamBody) {
    this.#original = original;
    this.#iterator = original.chunks[Symbol.asyncIterator]();
  }

  /** Somebody read of it: it cannot be taken back. */
  get touched(): boolean {
    return this.#touched;
  }

  /** What the function gets: by no other way than this one. */
  get body(): Body {
    const { lengthBytes, givesChunks = false } = this.#original;
    return { kind: "stream", chunks: this, lengthBytes, givesChunks };
  }

  /** What goes on when the function left it alone. */
  takeBack(): Body {
    this.#over = true;
    return { ...this.#original, chunks: { [Symbol.asyncIterator]: () => this.#iterator } };
  }

  /** The function's own message lives on and may read later: from now on its holder may cancel. */
  async give(): Promise<void> {
    this.#given = true;
    if (this.#over && !this.#touched) await this.#iterator.return?.();
  }

  /** Nobody wants it. */
  async discard(): Promise<void> {
    this.#over = true;
    await this.#iterator.return?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, void>> {
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    this.#touched = true;
    return this.#iterator.next();
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#over = true;
    if (this.#touched || this.#given) await this.#iterator.return?.();
    return { done: true, value: undefined };
  }
}
