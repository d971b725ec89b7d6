/**
 * The body of a stored answer that stays on the disk: read when somebody reads it, by each reader for itself, and only the part that is asked for.
 *
 * Knows no HTTP. What it gives is its reader's alone. Invariant: a body that cannot be read to its end makes its reader throw.
 */
import type { ByteRange } from "./byte-range.ts";
import type { DiskFound } from "./disk/disk-store.ts";

export class DiskBody implements AsyncIterable<Uint8Array> {
  readonly #found: DiskFound;
  readonly #range: ByteRange;

  constructor(found: DiskFound, range: ByteRange = { from: 0, to: found.bodyBytes }) {
    this.#found = found;
    this.#range = range;
  }

  /** The bytes [from, to) of what this one gives. */
  cut({ from, to }: ByteRange): DiskBody {
    const start = this.#range.from;
    return new DiskBody(this.#found, { from: start + from, to: start + to });
  }

  /** All of it in memory that is the caller's alone, if it is at hand. */
  takeWhole(): Uint8Array | undefined {
    const { from, to } = this.#range;
    return from === 0 && to === this.#found.bodyBytes ? this.#found.take() : undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const whole = this.takeWhole();
    return whole === undefined ? this.#found.body(this.#range)[Symbol.asyncIterator]() : only(whole);
  }
}

async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield chunk;
}
