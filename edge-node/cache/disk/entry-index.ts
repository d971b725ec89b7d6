/**
 * The index file of a store, shared by all fronts: a hash table of fixed size in buckets of one page.
 *
 * Nothing of it is held in memory. Fronts change single slots, each with one write within a page; what two of them do to one slot at the same
 * instant may lose one entry, never mix two: a slot has a checksum, and a record says whose it is. Invariant: within this front, changes
 * of one bucket happen one after the other.
 */
import type { DiskFiles } from "./disk-files.ts";
import { KeyedLock } from "./keyed-lock.ts";
import type { KeyHash } from "./key-hash.ts";
import type { KeyWords } from "./present-keys.ts";
import type { Place } from "./record-format.ts";
import {
  bucketBytes,
  chooseSlot,
  encodeSlot,
  findSlots,
  keyIn,
  segmentIn,
  slotBytes,
  slotsPerBucket,
  usedByteAt,
  type Slot,
} from "./slot-bucket.ts";

export interface FoundEntry {
  readonly place: Place;
  /** The slot's number in the whole index. */
  readonly slot: number;
  readonly isUsed: boolean;
}

export interface IndexOptions {
  readonly descriptor: number;
  readonly buckets: number;
  readonly files: DiskFiles;
}

const EMPTY: Uint8Array = new Uint8Array(slotBytes);
const USED: Uint8Array = Uint8Array.of(1);
/** Buckets read at once where many are asked for. */
const SPAN_BUCKETS = 64;

export class EntryIndex {
  readonly #options: IndexOptions;
  readonly #lock = new KeyedLock();

  constructor(options: IndexOptions) {
    this.#options = options;
  }

  async find(hash: KeyHash): Promise<FoundEntry | undefined> {
    const bucket = this.#bucketOf(hash);
    return newest(findSlots(await this.#read(bucket, 1), hash), bucket);
  }

  /** For each hash what is found, in any order. Neighbouring buckets are read together. */
  async *findMany(hashes: readonly KeyHash[]): AsyncGenerator<{ readonly hash: KeyHash; readonly found: FoundEntry }> {
    const sorted = hashes.toSorted((left, right) => this.#bucketOf(left) - this.#bucketOf(right));
    let first = -Infinity;
    let span: Buffer = Buffer.alloc(0);
    for (const hash of sorted) {
      const bucket = this.#bucketOf(hash);
      if (bucket >= first + SPAN_BUCKETS) {
        first = bucket;
        span = await this.#read(first, Math.min(SPAN_BUCKETS, this.#options.buckets - first));
      }
      const at = (bucket - first) * bucketBytes;
      const found = newest(findSlots(span.subarray(at, at + bucketBytes), hash), bucket);
      if (found !== undefined) yield { hash, found };
    }
  }

  /** Leads `hash` to `place`. Returns its slot and the places it led to before. */
  put(hash: KeyHash, place: Place): Promise<{ readonly slot: number; readonly before: readonly Place[] }> {
    const number = this.#bucketOf(hash);
    return this.#lock.run(number, async () => {
      const bucket = await this.#read(number, 1);
      const before = findSlots(bucket, hash);
      const position = before[0]?.position ?? chooseSlot(bucket, hash);
      await this.#write(number, { position, bytes: encodeSlot(hash, place) });
      for (const { position } of before.slice(1)) await this.#write(number, { position, bytes: EMPTY });
      return { slot: number * slotsPerBucket + position, before: before.map((slot) => slot.place) };
    });
  }

  /** Leads `hash` to `to` if it leads to `from`. */
  move(hash: KeyHash, { from, to }: { readonly from: Place; readonly to: Place }): Promise<boolean> {
    return this.#changeWhere(hash, { from, bytes: encodeSlot(hash, to) });
  }

  /** Forgets `hash` if it leads to `place`. */
  forget(hash: KeyHash, place: Place): Promise<boolean> {
    return this.#changeWhere(hash, { from: place, bytes: EMPTY });
  }

  /** Forgets `hash` wherever it leads. Returns the places. */
  remove(hash: KeyHash): Promise<readonly Place[]> {
    const number = this.#bucketOf(hash);
    return this.#lock.run(number, async () => {
      const before = findSlots(await this.#read(number, 1), hash);
      for (const { position } of before) await this.#write(number, { position, bytes: EMPTY });
      return before.map((slot) => slot.place);
    });
  }

  /** Notes that the entry in that slot was used. A slot that has another entry by now is noted instead, which does no harm. */
  async noteUse(slot: number): Promise<void> {
    const { files, descriptor } = this.#options;
    await files.write(descriptor, [USED], slot * slotBytes + usedByteAt);
  }

  /**
   * About how many entries lead to segments in `present` or to newer ones, each of them shown to `visit`. Reads the whole index, piece by
   * piece, unchecked.
   */
  async survey(present: ReadonlySet<number>, visit: (key: KeyWords) => void): Promise<number> {
    const { buckets } = this.#options;
    const newest = Math.max(0, ...present);
    let count = 0;
    for (let first = 0; first < buckets; first += SPAN_BUCKETS) {
      const number = Math.min(SPAN_BUCKETS, buckets - first);
      const span = await this.#read(first, number);
      for (let position = 0; position < number * slotsPerBucket; position++) {
        const segment = segmentIn(span, position);
        if (segment === 0 || (segment <= newest && !present.has(segment))) continue;
        visit(keyIn(span, position));
        count++;
      }
    }
    return count;
  }

  close(): void {
    this.#options.files.close(this.#options.descriptor).catch(() => {});
  }

  #changeWhere(hash: KeyHash, change: { readonly from: Place; readonly bytes: Uint8Array }): Promise<boolean> {
    const number = this.#bucketOf(hash);
    return this.#lock.run(number, async () => {
      const slot = findSlots(await this.#read(number, 1), hash).find(({ place }) => isSamePlace(place, change.from));
      if (slot === undefined) return false;
      await this.#write(number, { position: slot.position, bytes: change.bytes });
      return true;
    });
  }

  #bucketOf(hash: KeyHash): number {
    return hash.a % this.#options.buckets;
  }

  /** Buckets from `first`; what the file does not have counts as empty. */
  async #read(first: number, count: number): Promise<Buffer> {
    const { files, descriptor } = this.#options;
    const buffer = Buffer.allocUnsafeSlow(count * bucketBytes);
    const bytes = await files.read(descriptor, buffer, first * bucketBytes);
    return bytes === buffer.byteLength ? buffer : buffer.fill(0, bytes);
  }

  async #write(bucket: number, slot: { readonly position: number; readonly bytes: Uint8Array }): Promise<void> {
    const { files, descriptor } = this.#options;
    const at = bucket * bucketBytes + slot.position * slotBytes;
    const written = await files.write(descriptor, [slot.bytes], at);
    if (written !== slot.bytes.byteLength) throw new Error("Cannot write to the index: not all was written");
  }
}

function newest(slots: readonly Slot[], bucket: number): FoundEntry | undefined {
  let best: Slot | undefined;
  for (const slot of slots) if (best === undefined || slot.place.segment > best.place.segment) best = slot;
  if (best === undefined) return undefined;
  return { place: best.place, slot: bucket * slotsPerBucket + best.position, isUsed: best.isUsed };
}

export function isSamePlace(left: Place, right: Place): boolean {
  return left.segment === right.segment && left.offset === right.offset && left.bytes === right.bytes;
}
