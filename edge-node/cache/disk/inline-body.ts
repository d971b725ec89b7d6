/**
 * A short body that was read together with its head: in memory until somebody takes it for good, and read anew for those who come later.
 *
 * Invariant: what was taken is nobody else's, so that its memory can be given back as soon as it was sent.
 */
import { releaseMemory } from "../../../runtime/release-memory.ts";
import type { ByteRange } from "./disk-store.ts";

export interface InlineBodyOptions {
  /** Nobody else's; the record may stand before it in the same memory. */
  readonly bytes: Buffer;
  /** The same bytes once more. Throws what a body throws. */
  readonly readAgain: () => Promise<Buffer>;
}

export class InlineBody {
  readonly #options: InlineBodyOptions;
  #bytes: Buffer | null;

  constructor(options: InlineBodyOptions) {
    this.#options = options;
    this.#bytes = options.bytes;
  }

  /** The whole body, which is the caller's from now on; undefined when somebody took it before. */
  take(): Uint8Array | undefined {
    const bytes = this.#bytes;
    if (bytes === null) return undefined;
    this.#bytes = null;
    if (bytes.byteLength === bytes.buffer.byteLength) return bytes;
    const own = Buffer.allocUnsafeSlow(bytes.byteLength);
    own.set(bytes);
    releaseMemory(new Uint8Array(bytes.buffer));
    return own;
  }

  async *read({ from, to }: ByteRange): AsyncGenerator<Uint8Array, void> {
    const bytes = this.#bytes ?? (await this.#options.readAgain());
    if (to > from) yield bytes.subarray(from, to);
  }
}
