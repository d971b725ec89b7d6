/**
 * A short body that was read through a thread together with its head: in memory until somebody takes it for good, and read anew for those who come
 * later.
 *
 * Invariant: what was taken is nobody else's, so that its memory can be given back as soon as it was sent.
 */
import { releaseMemory } from "../../../runtime/release-memory.ts";
import type { ByteRange } from "./disk-store.ts";

/** A body that stands beside its head; what each method means says `DiskFound`. */
export interface ShortBody {
  lend(use: (bytes: Uint8Array) => void): boolean;
  take(): Uint8Array | undefined;
  read(range: ByteRange): AsyncIterable<Uint8Array>;
}

export interface InlineBodyOptions {
  /** Nobody else's; the record stands before it in the same memory. */
  readonly bytes: Buffer;
  /** The same bytes once more. Throws what a body throws. */
  readonly readAgain: () => Promise<Buffer>;
}

export class InlineBody implements ShortBody {
  readonly #options: InlineBodyOptions;
  #bytes: Buffer | null;

  constructor(options: InlineBodyOptions) {
    this.#options = options;
    this.#bytes = options.bytes;
  }

  lend(use: (bytes: Uint8Array) => void): boolean {
    const bytes = this.#bytes;
    if (bytes === null) return false;
    this.#bytes = null;
    use(bytes);
    releaseMemory(new Uint8Array(bytes.buffer));
    return true;
  }

  take(): Uint8Array | undefined {
    let own: Uint8Array | undefined;
    this.lend((bytes) => {
      own = ownCopy(bytes);
    });
    return own;
  }

  async *read({ from, to }: ByteRange): AsyncGenerator<Uint8Array, void> {
    const bytes = this.#bytes ?? (await this.#options.readAgain());
    if (to > from) yield bytes.subarray(from, to);
  }
}

/** In memory of its own, which can be released. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const own = Buffer.allocUnsafeSlow(bytes.byteLength);
  own.set(bytes);
  return own;
}
