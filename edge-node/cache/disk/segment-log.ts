/**
 * Where everything that this front writes goes: one segment after the other, what comes while a write is under way together in the next.
 *
 * The next segment is made ready (room included) while the present one is half full, so that nobody waits for it. Invariant: pieces are
 * written in the order in which they came; a piece is written whole or its promise rejects.
 */
import type { Place } from "./record-format.ts";
import type { Piece, SegmentWriter } from "./segment-writer.ts";

export interface SegmentLogOptions {
  readonly capacity: number;
  /** Makes room and begins a segment. Throws when that is not possible now. */
  readonly begin: () => Promise<SegmentWriter>;
  /** Makes room where the disk turned out to be full since a segment began. Throws when that is not possible now. */
  readonly relieve: () => Promise<void>;
}

interface Waiting {
  readonly piece: Piece;
  readonly resolve: (place: Place) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_BYTES = 1_048_576;
const BATCH_PIECES = 128;

export class SegmentLog {
  readonly #options: SegmentLogOptions;
  #current: SegmentWriter | null = null;
  #next: Promise<SegmentWriter | null> | null = null;
  #waiting: Waiting[] = [];
  #work: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: SegmentLogOptions) {
    this.#options = options;
  }

  /** Segments being filled. */
  get segment(): number | undefined {
    return this.#current?.segment;
  }

  append(piece: Piece): Promise<Place> {
    if (this.#isClosed) return Promise.reject(new Error("Cannot append: the store is closed"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ piece, resolve, reject });
      this.#work ??= this.#writeAll().finally(() => {
        this.#work = null;
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    const next = await this.#next;
    await next?.finish();
    await this.#current?.finish();
    this.#current = null;
  }

  async #writeAll(): Promise<void> {
    // What comes in this very turn goes with it.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      let batch: Waiting[] = [first];
      try {
        const segment = await this.#segmentFor(first.piece);
        batch = this.#takeBatch(segment);
        const places = await segment.append(batch.map(({ piece }) => piece));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const place = places[index];
          if (place === undefined) reject(new Error("A piece has no place"));
          else resolve(place);
        }
      } catch (error) {
        this.#waiting = this.#waiting.filter((waiting) => !batch.includes(waiting));
        for (const { reject } of batch) reject(error);
      }
    }
  }

  #takeBatch(segment: SegmentWriter): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { piece } of this.#waiting) {
      if (count === BATCH_PIECES || (count > 0 && bytes + piece.bytes > BATCH_BYTES)) break;
      if (!segment.fits(count + 1, bytes + piece.bytes)) break;
      bytes += piece.bytes;
      count++;
    }
    return this.#waiting.splice(0, Math.max(1, count));
  }

  async #segmentFor(piece: Piece): Promise<SegmentWriter> {
    let segment = this.#current;
    while (segment === null || segment.isBroken || !segment.fits(1, piece.bytes)) {
      if (segment === null || segment.bytes > 0 || segment.isBroken) await segment?.finish();
      else throw new Error(`Cannot append ${piece.bytes} bytes: more than a segment holds`);
      this.#current = null;
      segment = await this.#takeNext();
      this.#current = segment;
    }
    if (segment.bytes > this.#options.capacity / 2) this.#prepareNext();
    return segment;
  }

  async #takeNext(): Promise<SegmentWriter> {
    const prepared = await this.#next;
    // It began before the disk was full, perhaps. If that fails, it is there the next time.
    if (prepared !== null) await this.#options.relieve();
    this.#next = null;
    return prepared ?? this.#options.begin();
  }

  #prepareNext(): void {
    // What failed is tried anew when the segment is needed.
    this.#next ??= this.#options.begin().catch(() => null);
  }
}
