/**
 * One store that is open: finds, writes, replaces and deletes entries by index, segments and log.
 *
 * Throws what the disk throws; knows no deadline and no breaker. Invariant: what it finds is an entry of that very key whose record, and whose
 * body as far as it is short, were checked.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import { codeOf, type DiskFiles } from "./disk-files.ts";
import type { ReplaceOptions } from "./disk-store.ts";
import { EntryIndex } from "./entry-index.ts";
import { FolderReader } from "./folder-contents.ts";
import type { KeyHash, Wanted } from "./key-hash.ts";
import { NotedUses } from "./noted-uses.ts";
import { decodeRecord, encodeRecord, isInlineBodyWhole, type Place, type Record } from "./record-format.ts";
import { PresentKeys, type KeyWords } from "./present-keys.ts";
import type { KnownEntry } from "./recent-reads.ts";
import { RememberedPlaces, type RememberedEntry } from "./remembered-places.ts";
import { RoomMaker } from "./room-maker.ts";
import { SegmentFiles } from "./segment-files.ts";
import { SegmentLog } from "./segment-log.ts";
import { leasePath } from "./segment-names.ts";
import type { Piece } from "./segment-writer.ts";
import { bucketBytes, slotsPerBucket } from "./slot-bucket.ts";
import type { FoundStore } from "./store-folder.ts";
import { SynchronousReads, type SynchronousReadsObserver } from "./synchronous-reads.ts";

export interface StoreObserver extends SynchronousReadsObserver {
  damaged(where: { readonly segment: number; readonly offset: number }): void;
  dropped(segment: { readonly keptEntries: number }): void;
}

export interface OpenStoreOptions {
  readonly found: FoundStore;
  readonly bytesMax: number;
  /** What this front may count as in the system's memory, bytes; 0: everything is read through threads. */
  readonly recentBytesMax: number;
  /** 16 hexadecimal digits that no other front has. */
  readonly front: string;
  readonly files: DiskFiles;
  readonly clock: Clock;
  readonly observer: StoreObserver;
}

export interface Entry {
  readonly record: Record;
  readonly place: Place;
  /** The short body, if it has one; the record is before it in the same memory. */
  readonly inline: Buffer;
}

type Loaded = { readonly kind: "whole"; readonly entry: Entry } | { readonly kind: "gone" | "dead" | "damaged" };

export class OpenStore {
  readonly found: FoundStore;
  readonly #options: OpenStoreOptions;
  readonly #index: EntryIndex;
  readonly #segments: SegmentFiles;
  readonly #atOnce: SynchronousReads;
  readonly #log: SegmentLog;
  readonly #room: RoomMaker;
  readonly #reader: FolderReader;
  readonly #remembered: RememberedPlaces;
  readonly #uses: NotedUses;
  readonly #keys: PresentKeys;
  #present: ReadonlySet<number> = new Set();
  /** Bytes of all segments and entries, as last looked at; with this front's own changes since. */
  bytes = 0;
  entries = 0;

  constructor(options: OpenStoreOptions) {
    const { found, files, clock, observer } = options;
    const { folder, format, descriptor } = found;
    this.found = found;
    this.#options = options;
    this.#index = new EntryIndex({ descriptor, buckets: format.buckets, files });
    this.#segments = new SegmentFiles({ folder, files });
    const { recentBytesMax } = options;
    this.#atOnce = new SynchronousReads({ segments: this.#segments, clock, observer, recentBytesMax });
    this.#reader = new FolderReader({ folder, files, clock });
    this.#room = new RoomMaker({
      folder,
      bytesMax: options.bytesMax - format.buckets * bucketBytes,
      segmentBytes: format.segmentBytes,
      files,
      clock,
      reader: this.#reader,
      index: this.#index,
      segments: this.#segments,
      onDropped: (dropped) => observer.dropped(dropped),
    });
    this.#log = new SegmentLog({
      capacity: format.segmentBytes,
      begin: () => this.#room.begin(),
      relieve: () => this.#room.relieve(),
    });
    const slots = format.buckets * slotsPerBucket;
    this.#remembered = new RememberedPlaces(Math.min(slots, diskCacheLimits.rememberedPlacesMax));
    this.#uses = new NotedUses(this.#index, clock);
    this.#keys = new PresentKeys(slots);
  }

  /** The record with its list of blocks, bytes. */
  get recordBytesMax(): number {
    return this.found.format.segmentBytes / 2;
  }

  /** False: no entry of that hash was there, and none was announced since. */
  mayHave(hash: KeyHash): boolean {
    return this.#keys.mayHave(hash);
  }

  /** Another front made an entry of that hash. */
  learn(key: KeyWords): void {
    this.#keys.add(key);
  }

  /** The entry without waiting, when it was read lately and its place is known; undefined says nothing about whether it is there. */
  findNow(key: string): KnownEntry | undefined {
    const recent = this.#atOnce.recent(key);
    if (recent === undefined || !this.#remembered.isVerifiedAt(recent.wanted.hash, recent.place)) return undefined;
    return this.#atOnce.read(recent);
  }

  /** The short body of what `findNow` gave, to be used before anything else is asked for; undefined: `find` it again. */
  lend(known: KnownEntry): Buffer | undefined {
    return this.#atOnce.lend(known);
  }

  async find(wanted: Wanted): Promise<Entry | undefined> {
    const remembered = this.#remembered.get(wanted.hash);
    if (remembered !== undefined) {
      const loaded = await this.#load(remembered, wanted);
      if (loaded.kind === "whole") return this.#used(wanted, { entry: loaded.entry, found: remembered });
      this.#remembered.forget(wanted.hash);
    }
    const found = await this.#index.find(wanted.hash);
    if (found === undefined) return undefined;
    const anew = { ...found, isVerified: false };
    const loaded = await this.#load(anew, wanted);
    if (loaded.kind === "whole") return this.#used(wanted, { entry: loaded.entry, found: anew });
    if (loaded.kind === "damaged") await this.dropDamaged(wanted.hash, found.place);
    else if (await this.#index.forget(wanted.hash, found.place)) this.entries--;
    return undefined;
  }

  /** The record without any trace of the look: what is damaged or outdated stays. */
  async peek(wanted: Wanted): Promise<Record | undefined> {
    const found = await this.#index.find(wanted.hash);
    const loaded = found === undefined ? undefined : await this.#load({ ...found, isVerified: false }, wanted);
    return loaded?.kind === "whole" ? loaded.entry.record : undefined;
  }

  readPlace(place: Place): Promise<Buffer | undefined> {
    return this.#segments.read(place);
  }

  /** An entry whose bytes are not what was written is never read again. */
  async dropDamaged(hash: KeyHash, place: Place): Promise<void> {
    this.#options.observer.damaged(place);
    this.#remembered.forget(hash);
    if (await this.#index.forget(hash, place)) this.entries--;
    await this.#segments.markDead(place);
  }

  async append(piece: Piece): Promise<Place> {
    try {
      const place = await this.#log.append(piece);
      this.bytes += piece.bytes;
      return place;
    } catch (error) {
      if (["ENOSPC", "EDQUOT"].includes(codeOf(error))) this.#room.diskIsFull();
      throw error;
    }
  }

  /** Makes what stands at `place` the entry of `hash`. */
  async commit(hash: KeyHash, place: Place): Promise<void> {
    this.#keys.add(hash);
    const { slot, before } = await this.#index.put(hash, place);
    if (before.length === 0) this.entries++;
    this.#remembered.set(hash, { place, slot, isUsed: false, isVerified: false });
    for (const old of before) await this.#segments.markDead(old).catch(() => {});
  }

  async replaceHead({ hash, key }: Wanted, head: Uint8Array, { isFor }: ReplaceOptions = {}): Promise<boolean> {
    const entry = await this.find({ hash, key });
    if (entry === undefined || isFor?.(entry.record) === false) return false;
    const record = encodeRecord({ ...entry.record, key: Buffer.from(key), head });
    const { inline } = entry;
    const bytes = record.byteLength + inline.byteLength;
    const place = await this.append({ hash, parts: [record, inline], bytes });
    const isMoved = await this.#index.move(hash, { from: entry.place, to: place });
    this.#remembered.forget(hash);
    if (isMoved) await this.#segments.markDead(entry.place).catch(() => {});
    return isMoved;
  }

  async delete(hash: KeyHash): Promise<void> {
    this.#remembered.forget(hash);
    const places = await this.#index.remove(hash);
    if (places.length > 0) this.entries--;
    for (const place of places) await this.#segments.markDead(place);
  }

  /** Tells the other fronts that this one lives, and looks at the folder. False when the folder is gone. */
  async look(): Promise<boolean> {
    const { files, front, clock } = this.#options;
    const lease = leasePath(this.found.folder, front);
    await files.replaceWhole(lease, { bytes: String(clock.now()), tag: front });
    const contents = await this.#reader.read();
    if (contents === undefined) return false;
    this.bytes = contents.bytes + this.found.format.buckets * bucketBytes;
    this.#present = new Set(contents.segments.map(({ segment }) => segment));
    this.#segments.keepOnly(this.#present);
    return true;
  }

  /** Looks through the index: how many entries lead to a segment that is there, and which keys these have. */
  async survey(): Promise<void> {
    this.entries = await this.#keys.remake((add) => this.#index.survey(this.#present, add));
  }

  async close(): Promise<void> {
    await this.#uses.close();
    await this.#log.close();
    this.#segments.close();
    this.#index.close();
    await this.#options.files.remove(leasePath(this.found.folder, this.#options.front)).catch(() => {});
  }

  async #load({ place, isVerified }: RememberedEntry, wanted: Wanted): Promise<Loaded> {
    if (place.bytes > this.found.format.segmentBytes) return { kind: "gone" };
    const bytes = await this.#segments.read(place);
    if (bytes === undefined) return { kind: "gone" };
    const read = decodeRecord(bytes, wanted);
    if (read.kind !== "live") return read;
    const { record } = read;
    // What is written is never changed: one look at all of it is enough. That it is this entry's is checked every time.
    if (record.inlineBytes > 0 && !isVerified && !isInlineBodyWhole(bytes, record)) return { kind: "damaged" };
    return { kind: "whole", entry: { record, place, inline: bytes.subarray(record.recordBytes) } };
  }

  #used(wanted: Wanted, { entry, found }: { readonly entry: Entry; readonly found: RememberedEntry }): Entry {
    this.#atOnce.note(wanted, entry);
    if (found.isUsed && found.isVerified) return entry;
    if (!found.isUsed) this.#uses.note(found.slot);
    this.#remembered.set(entry.record.hash, { ...found, isUsed: true, isVerified: true });
    return entry;
  }
}
