/**
 * Begins segments and drops the oldest so that all segments of all fronts stay within the store's bytes.
 *
 * Several fronts do this at once: a segment is dropped by whoever renames it, and each counts what the others may still fill. Invariant: a
 * dropped segment is cut to no length, so that its bytes are free and unreadable whoever has it open.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import { carryOver } from "./carry-over.ts";
import type { DiskFiles } from "./disk-files.ts";
import type { EntryIndex } from "./entry-index.ts";
import type { FolderContents, FolderReader, SegmentFile } from "./folder-contents.ts";
import type { KeyHash } from "./key-hash.ts";
import { contentsBytes, decodeContents, itemsBefore, trailerBytes } from "./segment-contents.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { segmentPath, type SegmentState } from "./segment-names.ts";
import { SegmentWriter } from "./segment-writer.ts";

export interface RoomMakerOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly segmentBytes: number;
  readonly files: DiskFiles;
  readonly clock: Clock;
  readonly reader: FolderReader;
  readonly index: EntryIndex;
  readonly segments: SegmentFiles;
  readonly onDropped: (dropped: { readonly keptEntries: number }) => void;
}

/** A front has at most its present segment half filled and the next one. */
const RESERVED_SEGMENTS_PER_FRONT = 1.5;

export class RoomMaker {
  readonly #options: RoomMakerOptions;
  /** Segments of this front that are not finished. */
  readonly #filling = new Map<number, SegmentWriter>();
  /** Segments that this front began to drop and did not. */
  readonly #unfinished = new Set<number>();
  #newest = 0;
  #isDiskFull = false;

  constructor(options: RoomMakerOptions) {
    this.#options = options;
  }

  /** The disk has less room than the store's bytes: one segment more is dropped before the next one is filled. */
  diskIsFull(): void {
    this.#isDiskFull = true;
  }

  /** To be called before a segment is filled that began earlier. Drops the oldest one if the disk was full meanwhile. */
  async relieve(): Promise<void> {
    if (!this.#isDiskFull) return;
    const [oldest] = this.#droppable(await this.#contents());
    if (oldest !== undefined) await this.#drop(oldest, null);
    this.#isDiskFull = false;
  }

  /** A segment with room for all of it. Throws when there is none. */
  async begin(): Promise<SegmentWriter> {
    await this.relieve();
    const writer = await this.#create();
    this.#filling.set(writer.segment, writer);
    try {
      await this.#makeRoom(writer);
      return writer;
    } catch (error) {
      await writer.finish();
      await this.#options.files.remove(segmentPath(this.#options.folder, writer.segment, "finished")).catch(() => {});
      throw error;
    }
  }

  async #makeRoom(writer: SegmentWriter): Promise<void> {
    const contents = await this.#contents();
    const { bytesMax, segmentBytes } = this.#options;
    const wanted = Math.max(1, contents.fronts) * RESERVED_SEGMENTS_PER_FRONT * segmentBytes;
    // Fronts that end and start again and again leave many leases for a while.
    const reserved = Math.min(wanted, bytesMax / 2);
    let excess = contents.bytes + reserved - bytesMax;
    for (const oldest of this.#droppable(contents)) {
      if (excess <= 0) return;
      await this.#drop(oldest, writer);
      excess -= oldest.bytes;
    }
    if (excess > 0) throw new Error("Cannot begin a segment: the other fronts use all the room");
  }

  async #contents(): Promise<FolderContents> {
    const contents = await this.#options.reader.read();
    if (contents === undefined) throw new Error("Cannot begin a segment: the folder is gone");
    return contents;
  }

  #droppable({ segments }: FolderContents): SegmentFile[] {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [segment, writer] of this.#filling) if (writer.isFinished) this.#filling.delete(segment);
    return segments.filter(({ segment, state, sinceMs }) => {
      if (this.#filling.has(segment)) return false;
      // Another front is at it, unless that died.
      return state !== "leaving" || this.#unfinished.has(segment) || nowMs - sinceMs > diskCacheLimits.frontSilentMs;
    });
  }

  async #create(): Promise<SegmentWriter> {
    const { folder, files, segmentBytes } = this.#options;
    const { segments } = await this.#contents();
    this.#newest = Math.max(this.#newest, segments.at(-1)?.segment ?? 0);
    for (;;) {
      const segment = ++this.#newest;
      const path = segmentPath(folder, segment, "filling");
      const descriptor = await files.open(path, "new");
      if (descriptor === undefined) continue;
      if (await this.#isTaken(segment)) {
        await files.close(descriptor);
        await files.remove(path);
        continue;
      }
      return new SegmentWriter({ folder, segment, descriptor, capacity: segmentBytes, files });
    }
  }

  /** Another front may have begun this segment and finished it since the folder was read. */
  async #isTaken(segment: number): Promise<boolean> {
    const { folder, files } = this.#options;
    const isThere = async (state: SegmentState): Promise<boolean> =>
      (await files.stat(segmentPath(folder, segment, state))) !== undefined;
    return (await isThere("finished")) || (await isThere("leaving"));
  }

  /** Drops a segment; what is in use of it goes `into` the new one. */
  async #drop({ segment, state }: SegmentFile, into: SegmentWriter | null): Promise<void> {
    const { folder, files } = this.#options;
    const leaving = segmentPath(folder, segment, "leaving");
    if (state !== "leaving" && !(await files.rename(segmentPath(folder, segment, state), leaving))) return;
    this.#unfinished.add(segment);
    const descriptor = await files.open(leaving, "existing");
    if (descriptor !== undefined) {
      try {
        const keptEntries = into === null ? 0 : await this.#carryOver({ segment, descriptor, into });
        await files.remove(leaving);
        await files.truncate(descriptor, 0);
        this.#options.onDropped({ keptEntries });
      } finally {
        await files.close(descriptor);
      }
    }
    this.#unfinished.delete(segment);
  }

  async #carryOver(job: {
    readonly segment: number;
    readonly descriptor: number;
    readonly into: SegmentWriter;
  }): Promise<number> {
    const { index, segments, segmentBytes } = this.#options;
    const hashes = await this.#contentsOf(job.descriptor);
    const { segment: leaving, into } = job;
    return carryOver({ leaving, hashes, into, bytesMax: segmentBytes / 2, index, segments });
  }

  /** The hashes in the segment's list, none when it has no (whole) list. */
  async #contentsOf(descriptor: number): Promise<readonly KeyHash[]> {
    const { files } = this.#options;
    const { bytes } = await files.statOpen(descriptor);
    const trailer = Buffer.alloc(trailerBytes);
    if (bytes < trailerBytes) return [];
    await files.read(descriptor, trailer, bytes - trailerBytes);
    const items = itemsBefore(trailer);
    const listBytes = items === undefined ? Infinity : contentsBytes(items);
    if (listBytes > bytes) return [];
    const list = Buffer.allocUnsafeSlow(listBytes);
    await files.read(descriptor, list, bytes - listBytes);
    return decodeContents(list) ?? [];
  }
}
