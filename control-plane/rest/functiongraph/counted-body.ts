/**
 * A body as it comes, each chunk after somebody agreed to it.
 *
 * Invariants: nothing of the source is read before this is read; the source outlives this one, so that a refusal can still be answered on its connection.
 */
import { Readable } from "node:stream";

export class CountedBody extends Readable {
  readonly #source: Readable;
  readonly #agree: (bytes: number) => Error | null;
  #begun = false;

  /** `agree` is asked for each chunk; the error it gives ends this. */
  constructor(source: Readable, agree: (bytes: number) => Error | null) {
    super();
    this.#source = source;
    this.#agree = agree;
    // Whoever read it may have stopped listening when it fails.
    this.on("error", () => {});
  }

  override _read(): void {
    if (this.#begun) {
      this.#source.resume();
      return;
    }
    this.#begun = true;
    this.#source.on("data", this.#take);
    this.#source.on("end", this.#end);
    this.#source.on("error", this.#fail);
    this.#source.on("close", this.#close);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off("data", this.#take);
    this.#source.off("end", this.#end);
    this.#source.off("close", this.#close);
    // What the source still has to say goes to nobody.
    if (this.#begun) this.#source.resume();
    callback(error);
  }

  readonly #take = (chunk: Buffer): void => {
    const refusal = this.#agree(chunk.byteLength);
    if (refusal !== null) this.destroy(refusal);
    else if (!this.push(chunk)) this.#source.pause();
  };

  readonly #end = (): void => {
    this.push(null);
  };

  readonly #fail = (error: Error): void => {
    this.destroy(error);
  };

  readonly #close = (): void => {
    if (!this.#source.readableEnded) this.destroy(new Error("the connection ended within the body"));
  };
}
