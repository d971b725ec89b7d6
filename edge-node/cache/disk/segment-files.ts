/**
 * Reads pieces of segments through a bounded set of open files.
 *
 * Knows nothing of what the pieces mean. A segment that was dropped was also cut to no length, so that an open file of it gives nothing.
 * Invariant: a file is closed only when nobody reads from it.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { DiskFiles } from "./disk-files.ts";
import { liveByteAt, type Place } from "./record-format.ts";
import { segmentPath, segmentStates } from "./segment-names.ts";

interface OpenFile {
  readonly descriptor: number;
  users: number;
  isDropped: boolean;
}

const DEAD: Uint8Array = new Uint8Array(1);

export class SegmentFiles {
  readonly #folder: string;
  readonly #files: DiskFiles;
  readonly #open = new Map<number, OpenFile>();
  readonly #opening = new Map<number, Promise<OpenFile | undefined>>();
  #isClosed = false;

  constructor(options: { readonly folder: string; readonly files: DiskFiles }) {
    this.#folder = options.folder;
    this.#files = options.files;
  }

  /** The bytes at `place`; undefined when the segment is gone or ends before. Throws what the file system throws. */
  async read(place: Place): Promise<Buffer | undefined> {
    const file = this.#open.get(place.segment) ?? (await this.#openSegment(place.segment));
    if (file === undefined) return undefined;
    // Memory of its own: what is handed on may be held for long, and must not hold a pool.
    const buffer = Buffer.allocUnsafeSlow(place.bytes);
    const bytes = await this.#use(file, () => this.#files.read(file.descriptor, buffer, place.offset));
    return bytes === place.bytes ? buffer : undefined;
  }

  /** Fills the buffer's start with the bytes at `place`, in the event loop itself; false when its file is not open, ends before or cannot be read. */
  readNow(place: Place, buffer: Uint8Array): boolean {
    const file = this.#open.get(place.segment);
    if (file === undefined) return false;
    try {
      return this.#files.readNow(file.descriptor, buffer, place) === place.bytes;
    } catch {
      return false;
    }
  }

  /** Marks the record at `place` as replaced or deleted, for fronts that remember where it stands. */
  async markDead(place: Place): Promise<void> {
    const file = this.#open.get(place.segment) ?? (await this.#openSegment(place.segment));
    if (file === undefined) return;
    await this.#use(file, () => this.#files.write(file.descriptor, [DEAD], place.offset + liveByteAt));
  }

  /** Lets go of files of segments that are not in `present`. */
  keepOnly(present: ReadonlySet<number>): void {
    for (const segment of this.#open.keys()) if (!present.has(segment)) this.#drop(segment);
  }

  close(): void {
    this.#isClosed = true;
    for (const segment of this.#open.keys()) this.#drop(segment);
  }

  async #use<T>(file: OpenFile, operation: () => Promise<T>): Promise<T> {
    file.users++;
    try {
      return await operation();
    } finally {
      file.users--;
      if (file.isDropped && file.users === 0) this.#closeFile(file);
    }
  }

  #openSegment(segment: number): Promise<OpenFile | undefined> {
    let opening = this.#opening.get(segment);
    if (opening === undefined) {
      opening = this.#openNow(segment).finally(() => this.#opening.delete(segment));
      this.#opening.set(segment, opening);
    }
    return opening;
  }

  async #openNow(segment: number): Promise<OpenFile | undefined> {
    const descriptor = await this.#openWhateverState(segment);
    if (descriptor === undefined) return undefined;
    const file: OpenFile = { descriptor, users: 0, isDropped: false };
    if (this.#isClosed) {
      this.#closeFile(file);
      return undefined;
    }
    if (this.#open.size >= diskCacheLimits.openSegmentsMax) this.#dropOldest();
    this.#open.set(segment, file);
    return file;
  }

  async #openWhateverState(segment: number): Promise<number | undefined> {
    for (const state of segmentStates) {
      const descriptor = await this.#files.open(segmentPath(this.#folder, segment, state), "existing");
      if (descriptor !== undefined) return descriptor;
    }
    return undefined;
  }

  #dropOldest(): void {
    for (const segment of this.#open.keys()) return this.#drop(segment);
  }

  #drop(segment: number): void {
    const file = this.#open.get(segment);
    if (file === undefined) return;
    this.#open.delete(segment);
    file.isDropped = true;
    if (file.users === 0) this.#closeFile(file);
  }

  #closeFile(file: OpenFile): void {
    // A file that cannot be closed is lost; there is nothing that would help.
    this.#files.close(file.descriptor).catch(() => {});
  }
}
