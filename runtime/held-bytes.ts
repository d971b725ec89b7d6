/**
 * The beginning of something that can be read once all of it has come: its pieces are kept as they are and joined once, so that the work is
 * in proportion to the bytes, however small the pieces are.
 */
import { releaseMemory } from "./release-memory.ts";

export class HeldBytes {
  readonly #pieces: Buffer[];
  readonly #wantedBytes: number;
  #heldBytes: number;

  /** `first`: fewer than `wantedBytes`. Pieces belong to this from now on. */
  constructor(first: Buffer, wantedBytes: number) {
    this.#pieces = [first];
    this.#wantedBytes = wantedBytes;
    this.#heldBytes = first.byteLength;
  }

  /** All bytes in one once enough have come, after which there are none here; null before. */
  add(piece: Buffer): Buffer | null {
    this.#pieces.push(piece);
    this.#heldBytes += piece.byteLength;
    if (this.#heldBytes < this.#wantedBytes) return null;
    const all = Buffer.concat(this.#pieces, this.#heldBytes);
    for (const held of this.#pieces) releaseMemory(held);
    this.#pieces.length = 0;
    return all;
  }
}
