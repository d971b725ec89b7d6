/**
 * Two streams with the chunks of one, as Fetch clones a body: the second gets structured clones
 * (https://streams.spec.whatwg.org/#abstract-opdef-readablestreamdefaulttee with cloneForBranch2).
 *
 * Byte streams copy their chunks by themselves. Invariant: nothing is read ahead of the faster branch, and the source is cancelled when both
 * branches are.
 */
import { structuredClone } from "../../web/clone/structured-clone.ts";
import { ReadableStream, type ReadableStreamDefaultController } from "web-streams-polyfill";
import { DirectReader, type ReadSteps } from "./direct-reader.ts";
import { isByteStream } from "./stream-state.ts";
import { queueMicrotask } from "../../web/timing/timers.ts";

type Pair = readonly [ReadableStream<Uint8Array>, ReadableStream<Uint8Array>];

/** Locks the stream. Throws a TypeError when it is locked. */
export function cloneStream(stream: ReadableStream<Uint8Array>): Pair {
  return isByteStream(stream) ? stream.tee() : new CloningTee(stream).branches;
}

interface Branch {
  readonly stream: ReadableStream<Uint8Array>;
  readonly controller: ReadableStreamDefaultController<unknown> | null;
  /** Set when its reader wants no more. */
  cancelled: { readonly reason: unknown } | null;
}

class CloningTee implements ReadSteps {
  readonly #reader: DirectReader;
  readonly #first: Branch;
  readonly #second: Branch;
  readonly #cancelled = Promise.withResolvers<void>();
  #isReading = false;
  #readAgain = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = new DirectReader(stream);
    this.#first = this.#branch();
    this.#second = this.#branch();
    this.#reader.closed.catch((reason: unknown) => {
      this.#fail(reason);
      this.#cancelled.resolve();
    });
  }

  get branches(): Pair {
    return [this.#first.stream, this.#second.stream];
  }

  _chunkSteps(chunk: unknown): void {
    // Errors of the source that are on their way come first (the standard's own reason for this microtask).
    queueMicrotask(() => this.#deliver(chunk));
  }

  _closeSteps(): void {
    this.#isReading = false;
    for (const { cancelled, controller } of [this.#first, this.#second]) if (cancelled === null) controller?.close();
    this.#cancelled.resolve();
  }

  _errorSteps(): void {
    this.#isReading = false;
  }

  #deliver(chunk: unknown): void {
    this.#readAgain = false;
    const [first, second] = [this.#first, this.#second];
    try {
      const copy = second.cancelled === null ? structuredClone(chunk) : null;
      if (first.cancelled === null) first.controller?.enqueue(chunk);
      if (second.cancelled === null) second.controller?.enqueue(copy);
    } catch (error) {
      this.#fail(error);
      this.#cancelled.resolve(this.#reader.cancel(error));
      return;
    }
    this.#isReading = false;
    if (this.#readAgain) this.#pull();
  }

  #branch(): Branch {
    const parts: { controller: ReadableStreamDefaultController<unknown> | null } = { controller: null };
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        parts.controller = controller;
      },
      pull: () => this.#pull(),
      cancel: (reason) => this.#cancel(branch, reason),
    });
    const branch: Branch = { stream, controller: parts.controller, cancelled: null };
    return branch;
  }

  #pull(): void {
    if (this.#isReading) {
      this.#readAgain = true;
      return;
    }
    this.#isReading = true;
    this.#reader.read(this);
  }

  #cancel(branch: Branch, reason: unknown): Promise<void> {
    branch.cancelled = { reason };
    const [first, second] = [this.#first.cancelled, this.#second.cancelled];
    if (first !== null && second !== null) {
      this.#cancelled.resolve(this.#reader.cancel([first.reason, second.reason]));
    }
    return this.#cancelled.promise;
  }

  #fail(reason: unknown): void {
    this.#first.controller?.error(reason);
    this.#second.controller?.error(reason);
  }
}
