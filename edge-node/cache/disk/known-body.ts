/**
 * A short body that is read in the event loop each time that somebody wants it: nothing of it stays in memory.
 *
 * Invariant: the bytes that are lent are in a buffer which the next read overwrites, so that whoever waits gets a copy.
 */
import type { ByteRange } from "./disk-store.ts";
import { ownCopy, type ShortBody } from "./inline-body.ts";

export interface KnownBodyOptions {
  /** The body until anything else is read; undefined: it cannot be read so. */
  readonly lend: () => Buffer | undefined;
  /** The same bytes through a thread. Throws what a body throws. */
  readonly readAgain: () => Promise<Buffer>;
}

export class KnownBody implements ShortBody {
  readonly #options: KnownBodyOptions;

  constructor(options: KnownBodyOptions) {
    this.#options = options;
  }

  lend(use: (bytes: Uint8Array) => void): boolean {
    const bytes = this.#options.lend();
    if (bytes === undefined) return false;
    use(bytes);
    return true;
  }

  take(): Uint8Array | undefined {
    const bytes = this.#options.lend();
    return bytes === undefined ? undefined : ownCopy(bytes);
  }

  async *read({ from, to }: ByteRange): AsyncGenerator<Uint8Array, void> {
    if (to === from) return;
    const lent = this.#options.lend();
    yield lent === undefined ? (await this.#options.readAgain()).subarray(from, to) : ownCopy(lent.subarray(from, to));
  }
}
