/**
 * One segment that this front fills, from its beginning, and finishes with the list of its contents.
 *
 * Invariant: bytes are written once and never again; after a write that failed or was short nothing more is appended.
 */
import type { DiskFiles } from "./disk-files.ts";
import type { KeyHash } from "./key-hash.ts";
import type { Place } from "./record-format.ts";
import { contentsBytes, encodeContents } from "./segment-contents.ts";
import { segmentPath } from "./segment-names.ts";

export interface Piece {
  readonly hash: KeyHash;
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

export interface SegmentWriterOptions {
  readonly folder: string;
  readonly segment: number;
  readonly descriptor: number;
  readonly capacity: number;
  readonly files: DiskFiles;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  /** A long entry comes in several pieces, often one after the other: it is listed once then. */
  readonly #hashes: KeyHash[] = [];
  #bytes = 0;
  #isBroken = false;
  #isFinished = false;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
  }

  get segment(): number {
    return this.#options.segment;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Whether pieces of these sizes still fit, with the list of contents after them. */
  fits(pieces: number, bytes: number): boolean {
    return this.#bytes + bytes + contentsBytes(this.#hashes.length + pieces) <= this.#options.capacity;
  }

  /** Where each piece now stands. One call at a time. Throws when not all was written. */
  async append(pieces: readonly Piece[]): Promise<readonly Place[]> {
    if (this.#isBroken) throw new Error("Cannot append to a segment: an earlier write failed");
    const { files, descriptor, segment } = this.#options;
    const begin = this.#bytes;
    const places: Place[] = [];
    for (const { hash, bytes } of pieces) {
      places.push({ segment, offset: this.#bytes, bytes });
      this.#bytes += bytes;
      if (this.#hashes.at(-1) !== hash) this.#hashes.push(hash);
    }
    const parts = pieces.flatMap((piece) => piece.parts);
    try {
      const written = await files.write(descriptor, parts, begin);
      if (written !== this.#bytes - begin) throw new ShortWriteError();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
    return places;
  }

  /** Writes the list of contents and lets the file go. Throws nothing: a segment without its list only carries nothing over. */
  async finish(): Promise<void> {
    const { files, folder, segment, descriptor } = this.#options;
    const list = encodeContents(this.#hashes);
    if (!this.#isBroken) {
      await files.write(descriptor, [list], this.#bytes).catch(() => {});
    }
    this.#isFinished = true;
    await files.close(descriptor).catch(() => {});
    const [from, to] = [segmentPath(folder, segment, "filling"), segmentPath(folder, segment, "finished")];
    await files.rename(from, to).catch(() => {});
  }
}

/** What a disk does that is full in the middle of a write. */
class ShortWriteError extends Error {
  readonly code = "ENOSPC";
}
