/**
 * What the disk tier of the cache promises: entries of a head and a body under a key, opaque to HTTP.
 *
 * Nothing here throws for what the disk does, except a body that breaks off. Invariant: what is read was written under that very key, whole,
 * by this node, or it is not given out.
 */
import type { KeyWords } from "./present-keys.ts";

export interface DiskStore {
  /** False: the key is not there, which took no look at the disk. Entries of other fronts count once `learn` was told of them. */
  mayHave(key: string): boolean;
  /** The same for somebody who looks for no answer: it is not counted as a miss. */
  isKnown(key: string): boolean;
  /** Another front of the node announced this key. */
  learn(key: KeyWords): void;
  /** The entry, or undefined: not there, damaged (counted, logged, dropped), or the disk did not answer within `diskCacheLimits.readMs`. */
  read(key: string): Promise<DiskFound | undefined>;
  /** What stands there, for somebody who only wants to know: neither counted nor taken for a use. */
  peek(key: string): Promise<Pick<DiskFound, "head" | "bodyBytes"> | undefined>;
  /**
   * The entry at once, when the system almost certainly has it in memory because this front read it lately; undefined: ask `read`.
   * Checks what `read` checks.
   */
  readNow(key: string): DiskFound | undefined;
  /**
   * Begins an entry. It exists only once `finish` said true, and replaces the one before; a crash before leaves what was there.
   * Key and head beyond `diskCacheLimits` give a writer that refuses.
   */
  begin(key: string, head: Uint8Array, options?: BeginOptions): DiskWriter;
  /**
   * Puts another head before the same body; false when there is no entry, `isFor` does not take it or the disk refused (the old head stays then).
   * No other entry can come between `isFor` and the new head.
   */
  replaceHead(key: string, head: Uint8Array, options?: ReplaceOptions): Promise<boolean>;
  /** From here on this front does not find the entry; the others do not as soon as the disk took it, which is awaited for a bounded time. */
  delete(key: string): Promise<void>;
  readonly stats: DiskStats;
  /** Gives up what is being written and ends all use of the folder. */
  close(): Promise<void>;
}

export interface BeginOptions {
  /** Asked just before the entry takes the place of what stands there. False: that stays, and `finish` says false. Default: true. */
  readonly mayReplace?: (before: Pick<DiskFound, "head" | "bodyBytes">) => boolean;
}

export interface ReplaceOptions {
  /** Whether the head is for the body that stands there. Default: it is. */
  readonly isFor?: (before: Pick<DiskFound, "head" | "bodyBytes">) => boolean;
}

export interface DiskFound {
  readonly head: Uint8Array;
  readonly bodyBytes: number;
  /**
   * The bytes [from, to) of the body, by default all. Reads only the blocks that hold them.
   * @throws DiskBodyError while iterating, when a block is damaged, gone or late.
   * @throws RangeError when the range is not within the body.
   */
  body(range?: ByteRange): AsyncIterable<Uint8Array>;
  /** The body stands beside the head and came with it. */
  readonly isAtHand: boolean;
  /** From `readNow`: the same value is found as long as the entry is the same and remembered. */
  readonly isLasting: boolean;
  /**
   * Calls `use` at once with the whole body, if it is at hand and nobody was given it before; then it is gone, so that nothing may be kept of it. False:
   * `use` was not called. `head` is not to be read afterwards.
   */
  lend(use: (bytes: Uint8Array) => void): boolean;
  /** The same in memory that is the caller's alone. What is lasting can be lent and taken again. */
  take(): Uint8Array | undefined;
}

export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface DiskWriter {
  /** Takes a copy of `chunk`. Waits for a slow disk no longer than `diskCacheLimits.writeWaitMs` per entry; then the entry is given up. */
  write(chunk: Uint8Array): Promise<void>;
  /** Whether the entry now exists. */
  finish(): Promise<boolean>;
  abort(): Promise<void>;
}

/** Counted since this front opened the store, except `bytes` and `entries`, which are of the whole folder as last looked at. */
export interface DiskStats {
  readonly bytes: number;
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  /** Reads that the disk did not answer in time. */
  readonly lateReads: number;
  readonly writes: number;
  /** Entries given up: too large, too slow, or no disk. */
  readonly refusedWrites: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  /** Entries whose bytes were not what was written. */
  readonly damaged: number;
  /** Segments dropped to make room, and entries carried over because they were in use. */
  readonly evictedSegments: number;
  readonly keptEntries: number;
  /** Hits that were read at once, those of them that took long, and times when such reads paused for it. */
  readonly synchronousReads: number;
  readonly slowSynchronousReads: number;
  readonly synchronousPauses: number;
  /** Times the disk was left alone after failures. */
  readonly rests: number;
  /** Times a new, empty store was begun in the folder. */
  readonly rebuilds: number;
}

/** A stored body that could not be read to its end. */
export class DiskBodyError extends Error {
  readonly code = "CACHE_BODY_BROKEN";
  readonly source = "node";
  readonly reason: "damaged" | "gone" | "late" | "failed";

  constructor(reason: "damaged" | "gone" | "late" | "failed", options?: ErrorOptions) {
    super(`Cannot read a stored body to its end: ${reason}`, options);
    this.name = "DiskBodyError";
    this.reason = reason;
  }
}
