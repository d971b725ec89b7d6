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

  /** Calls `use` at once with all of it, if that is at hand; nothing of it may be kept. False: `use` was not called. */
  lendWhole(use: (bytes: Uint8Array) => void): boolean {
    return this.#isWhole && this.#found.lend(use);
  }

  /** What is made of it may be kept under this very value. */
  get isLasting(): boolean {
    return this.#isWhole && this.#found.isLasting;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#isWhole && this.#found.isAtHand
      ? wholeOf(this.#found, this.#range)
      : this.#found.body(this.#range)[Symbol.asyncIterator]();
  }

  get #isWhole(): boolean {
    return this.#range.from === 0 && this.#range.to === this.#found.bodyBytes;
  }
}

/** In one piece, which its reader can release; nothing is read for a reader that leaves before. */
async function* wholeOf(found: DiskFound, range: ByteRange): AsyncGenerator<Uint8Array, void> {
  const whole = found.take();
  if (whole === undefined) yield* found.body(range);
  else yield whole;
}
