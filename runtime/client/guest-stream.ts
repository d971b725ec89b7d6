/**
 * A guest's stream on the front's side: chunks arrive while there is credit, and are read as an async iterable.
 * Invariant: never more chunks are held than were granted.
 */

/** Chunks of at most `messageLimits.bodyChunkBytesMax` under way at once. */
const windowChunks = 4;

/** How the stream talks back to its guest. */
export interface StreamControl {
  readonly credit: (chunks: number) => void;
  readonly stop: () => void;
}

type End = { readonly kind: "open" } | { readonly kind: "ended" } | { readonly kind: "failed"; readonly error: Error };

export class GuestStream implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #control: StreamControl;
  readonly #chunks: Uint8Array[] = [];
  #end: End = { kind: "open" };
  #waiting: { resolve: (result: IteratorResult<Uint8Array>) => void; reject: (error: Error) => void } | null = null;
  #outstanding = 0;
  #isBegun = false;
  #tellBegun: ((failure: Error | null) => void) | null = null;

  constructor(control: StreamControl) {
    this.#control = control;
  }

  /** A chunk came, or the end. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Asks the guest to begin; resolves with null when it did or ended, or nobody wants the stream any more, and with why it broke off before. */
  begun(): Promise<Error | null> {
    if (this.#isBegun) return Promise.resolve(null);
    this.#grant();
    return new Promise((resolve) => {
      this.#tellBegun = resolve;
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#grant();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#end.kind === "ended") return Promise.resolve({ done: true, value: undefined });
    if (this.#end.kind === "failed") return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#grant();
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#end.kind === "open") {
      this.#end = { kind: "ended" };
      this.#control.stop();
      this.#waiting?.resolve({ done: true, value: undefined });
      this.#waiting = null;
      this.#begin(null);
    }
    this.#chunks.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  push(chunk: Uint8Array): void {
    if (this.#end.kind !== "open") return;
    this.#outstanding -= 1;
    this.#begin(null);
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#chunks.push(chunk);
      return;
    }
    this.#waiting = null;
    waiting.resolve({ done: false, value: chunk });
  }

  end(): void {
    if (this.#end.kind !== "open") return;
    this.#end = { kind: "ended" };
    this.#begin(null);
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = null;
  }

  fail(error: Error): void {
    if (this.#end.kind !== "open") return;
    this.#end = { kind: "failed", error };
    this.#begin(error);
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #begin(failure: Error | null): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    this.#tellBegun?.(failure);
  }

  /** Keeps the window full: half empty is the moment to ask for more. */
  #grant(): void {
    const missing = windowChunks - this.#outstanding - this.#chunks.length;
    if (missing < windowChunks / 2) return;
    this.#outstanding += missing;
    this.#control.credit(missing);
  }
}
