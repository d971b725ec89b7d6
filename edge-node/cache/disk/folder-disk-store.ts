/**
 * The disk tier of one front: an open store with deadlines, breakers, counters and a log around it, opened anew when the folder changed.
 *
 * Without a usable disk everything misses and nothing is written; it is tried again with every upkeep. Invariant: no method but a body
 * throws, and none waits longer than its deadline.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../../clock.ts";
import type { Logger } from "../../logger.ts";
import { codeOf, type DiskFiles } from "./disk-files.ts";
import { DiskOperations } from "./disk-operations.ts";
import {
  DiskBodyError,
  type BeginOptions,
  type ByteRange,
  type DiskFound,
  type DiskStats,
  type DiskStore,
  type DiskWriter,
  type ReplaceOptions,
} from "./disk-store.ts";
import { EntryWriter, type CommitResult, type UnwrittenBytes } from "./entry-writer.ts";
import { InlineBody, type ShortBody } from "./inline-body.ts";
import { hashKey, type KeyHash, type Wanted } from "./key-hash.ts";
import { KnownBody } from "./known-body.ts";
import { OpenStore, type Entry } from "./open-store.ts";
import { PendingDeletes } from "./pending-deletes.ts";
import type { KeyWords } from "./present-keys.ts";
import type { KnownEntry } from "./recent-reads.ts";
import type { Place, Record } from "./record-format.ts";
import { SharedDeadline } from "./shared-deadline.ts";
import { StoreFolder } from "./store-folder.ts";
import { StoreCounters } from "./store-counters.ts";
import { readBody } from "./stored-body.ts";
import { watchFiles } from "./watched-files.ts";

export interface FolderDiskStoreOptions {
  readonly folder: string;
  /** The whole folder; bytes, within `diskCacheLimits`. */
  readonly bytesMax: number;
  /** A longer body is not kept; bytes. At most a quarter of the folder. */
  readonly objectBytesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: DiskFiles;
  /** An unsigned 32-bit random number. */
  readonly randomWord: () => number;
  /** Tells the node's other fronts of a new entry. Null: they may write without a word, so that every key may be there. */
  readonly announce: ((key: KeyHash) => void) | null;
  /** What this front may count as in the system's memory, bytes; 0: everything is read through threads. */
  readonly recentBytesMax: number;
}

const SURVEY_MS = 60_000;

export class FolderDiskStore implements DiskStore {
  readonly #options: FolderDiskStoreOptions;
  readonly #operations: DiskOperations;
  readonly #files: DiskFiles;
  readonly #folder: StoreFolder;
  readonly #counters: StoreCounters;
  readonly #pending = new PendingDeletes();
  readonly #readDeadline: SharedDeadline;
  readonly #bodyDeadline: SharedDeadline;
  readonly #unwritten: UnwrittenBytes = { bytes: 0 };
  #store: OpenStore | null = null;
  #timer: CancelTimer | null = null;
  #upkeeps = 0;
  /** The upkeep with which the index is looked through next. */
  #surveyAt = 0;
  #mustBeginAnew = false;
  #isClosed = false;
  /** What was found in the event loop, as long as that is remembered. */
  readonly #lasting = new WeakMap<KnownEntry, DiskFound>();
  /** What is asked for is asked for again at once. */
  #last: Wanted = { key: "", hash: hashKey("") };

  constructor(options: FolderDiskStoreOptions) {
    const { clock, bytesMax } = options;
    this.#options = { ...options, objectBytesMax: Math.min(options.objectBytesMax, Math.floor(bytesMax / 4)) };
    this.#counters = new StoreCounters(options);
    this.#operations = new DiskOperations({ clock, observer: this.#counters });
    this.#files = watchFiles(options.files, this.#operations);
    const randomName = (): string => this.#randomName();
    this.#folder = new StoreFolder({ folder: options.folder, bytesMax, files: this.#files, randomName });
    this.#readDeadline = new SharedDeadline({ clock, waitMs: diskCacheLimits.readMs });
    this.#bodyDeadline = new SharedDeadline({ clock, waitMs: diskCacheLimits.bodyReadMs });
  }

  /** Opens the folder, waiting for it a bounded time; from then on it is looked after. */
  async start(): Promise<void> {
    await this.#bodyDeadline.race(this.#upkeep(), () => this.#operations.late("read"));
  }

  mayHave(key: string): boolean {
    if (this.isKnown(key)) return true;
    this.#counters.missed();
    return false;
  }

  isKnown(key: string): boolean {
    const store = this.#store;
    return store !== null && (this.#options.announce === null || store.mayHave(this.#wanted(key).hash));
  }

  learn(key: KeyWords): void {
    this.#store?.learn(key);
  }

  async read(key: string): Promise<DiskFound | undefined> {
    const store = this.#store;
    if (store === null || !this.#operations.isAvailable("read")) return this.#counters.missed();
    const wanted = this.#wanted(key);
    if (this.#pending.has(wanted.hash)) return this.#counters.missed();
    try {
      const entry = await this.#readDeadline.race(store.find(wanted), () => this.#late());
      if (entry === undefined || this.#pending.has(wanted.hash)) return this.#counters.missed();
      this.#counters.hits++;
      return this.#found(store, { wanted, ...entry });
    } catch {
      return this.#counters.missed();
    }
  }

  async peek(key: string): Promise<Pick<DiskFound, "head" | "bodyBytes"> | undefined> {
    const store = this.#store;
    const wanted = { hash: hashKey(key), key };
    if (store === null || !this.#operations.isAvailable("read") || this.#pending.has(wanted.hash)) return undefined;
    try {
      return await this.#readDeadline.race(store.peek(wanted), () => undefined);
    } catch {
      return undefined;
    }
  }

  readNow(key: string): DiskFound | undefined {
    const store = this.#store;
    if (store === null || !this.#operations.isAvailable("read")) return undefined;
    const known = store.findNow(key);
    if (known === undefined || this.#pending.has(known.wanted.hash)) return undefined;
    this.#counters.hits++;
    this.#counters.synchronousReads++;
    const before = this.#lasting.get(known);
    if (before !== undefined) return before;
    const found = this.#found(store, { ...known, lend: () => store.lend(known) });
    this.#lasting.set(known, found);
    return found;
  }

  begin(key: string, head: Uint8Array, { mayReplace }: BeginOptions = {}): DiskWriter {
    const store = this.#store;
    const keyBytes = Buffer.from(key);
    const isTooLong =
      keyBytes.byteLength > diskCacheLimits.keyBytesMax || head.byteLength > diskCacheLimits.headBytesMax;
    if (store === null || isTooLong || !this.#operations.isAvailable("write")) {
      this.#counters.refused(isTooLong ? "size" : "failed");
      return refusingWriter;
    }
    const hash = hashKey(key);
    return new EntryWriter({
      hash,
      key: keyBytes,
      head: head.slice(),
      body: { seed: this.#options.randomWord(), begun: this.#options.clock.now() >>> 0 },
      bodyBytesMax: this.#options.objectBytesMax,
      recordBytesMax: store.recordBytesMax,
      unwritten: this.#unwritten,
      clock: this.#options.clock,
      append: (piece) => store.append(piece),
      commit: async (place) => {
        const before = mayReplace === undefined || !this.isKnown(key) ? undefined : await this.peek(key);
        if (before !== undefined && mayReplace?.(before) === false) return "outdated";
        return this.#commit(store, { hash, place });
      },
      onRefused: (reason) => this.#counters.refused(reason),
    });
  }

  async replaceHead(key: string, head: Uint8Array, options: ReplaceOptions = {}): Promise<boolean> {
    const store = this.#store;
    if (store === null || !this.#operations.isAvailable("write")) return false;
    if (head.byteLength > diskCacheLimits.headBytesMax) return false;
    const wanted = { hash: hashKey(key), key };
    if (this.#pending.has(wanted.hash)) return false;
    try {
      return await this.#bodyDeadline.race(store.replaceHead(wanted, head, options), () => false);
    } catch {
      return false;
    }
  }

  async delete(key: string): Promise<void> {
    const hash = hashKey(key);
    if (!this.#pending.add(hash)) {
      this.#pending.clear();
      this.#mustBeginAnew = true;
      this.#store = null;
      return;
    }
    await this.#readDeadline.race(this.#deletePending(hash), () => this.#operations.late("write"));
  }

  get stats(): DiskStats {
    return this.#counters.snapshot(this.#store);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.();
    const store = this.#store;
    this.#store = null;
    if (store !== null) await this.#bodyDeadline.race(store.close(), () => {});
    this.#readDeadline.close();
    this.#bodyDeadline.close();
  }

  #found(store: OpenStore, at: FoundAt): DiskFound {
    const { wanted, place, record } = at;
    const { head, bodyBytes } = record;
    const source = {
      readPlace: (place: Place) => this.#readPlace(store, place),
      findAgain: async (record: Record) => (await findAgain(store, { wanted, record }))?.record,
      onDamage: () => {
        store.dropDamaged(wanted.hash, place).catch(() => {});
      },
    };
    const short = record.inlineBytes > 0 ? shortBody(store, at) : null;
    return {
      head,
      bodyBytes,
      isAtHand: short !== null,
      isLasting: "lend" in at,
      lend: (use) => short?.lend(use) === true,
      take: () => short?.take(),
      body: (range: ByteRange = { from: 0, to: bodyBytes }) => {
        checkRange(range, bodyBytes);
        return short?.read(range) ?? readBody(source, { record, range });
      },
    };
  }

  async #readPlace(store: OpenStore, place: Place): Promise<Buffer | undefined> {
    try {
      return await this.#bodyDeadline.race(store.readPlace(place), () => {
        this.#operations.late("read");
        throw new DiskBodyError("late");
      });
    } catch (error) {
      if (error instanceof DiskBodyError) throw error;
      throw new DiskBodyError("failed", { cause: error });
    }
  }

  #late(): undefined {
    this.#counters.lateReads++;
    this.#operations.late("read");
  }

  async #commit(
    store: OpenStore,
    { hash, place }: { readonly hash: KeyHash; readonly place: Place },
  ): Promise<CommitResult> {
    // A deletion that the disk has not taken would take this entry, too.
    if (store !== this.#store || this.#pending.has(hash)) return "refused";
    await store.commit(hash, place);
    this.#options.announce?.(hash);
    this.#counters.writes++;
    return "visible";
  }

  async #deletePending(hash: KeyHash): Promise<void> {
    const store = this.#store;
    if (store === null) return;
    try {
      await store.delete(hash);
      this.#pending.done(hash);
    } catch {
      // It stays pending, and is tried again with the next upkeep.
    }
  }

  /** Opens what can be opened, looks at the folder, does what is pending; then again, as long as the store is not closed. */
  async #upkeep(): Promise<void> {
    try {
      await this.#lookAfter();
    } catch (error) {
      this.#options.logger.warn({ code: codeOf(error) }, "disk-cache-upkeep-failed");
    }
    if (this.#isClosed) return;
    this.#timer = this.#options.clock.after(diskCacheLimits.upkeepMs, () => {
      // It catches what it throws.
      this.#upkeep().catch(() => {});
    });
  }

  async #lookAfter(): Promise<void> {
    const before = this.#store;
    const isGood = before !== null && (await this.#folder.isInUse(before.found)) && (await before.look());
    const store = isGood ? before : await this.#open(before);
    if (store === null) return;
    for (const hash of this.#pending.all()) await this.#deletePending(hash);
    this.#upkeeps++;
    if (!isGood || this.#upkeeps >= this.#surveyAt) this.#survey(store).catch(() => {});
  }

  /** Looks through the index while everything else goes on; on a slow disk, or a large one, less often. */
  async #survey(store: OpenStore): Promise<void> {
    const { clock } = this.#options;
    const begunMs = clock.monotonicMs();
    this.#surveyAt = Infinity;
    try {
      await store.survey();
    } finally {
      const tookMs = clock.monotonicMs() - begunMs;
      const waitMs = Math.max(SURVEY_MS, tookMs * diskCacheLimits.surveyShare);
      this.#surveyAt = this.#upkeeps + Math.ceil(waitMs / diskCacheLimits.upkeepMs);
    }
  }

  async #open(before: OpenStore | null): Promise<OpenStore | null> {
    this.#store = null;
    before?.close().catch(() => {});
    const reason = this.#mustBeginAnew ? "too many pending deletions" : null;
    const found = await (reason === null ? this.#folder.open() : this.#folder.beginAnew(reason));
    this.#mustBeginAnew = false;
    const { bytesMax, recentBytesMax, clock } = this.#options;
    const store = new OpenStore({
      found,
      bytesMax,
      recentBytesMax,
      front: this.#randomName(),
      files: this.#files,
      clock,
      observer: this.#counters,
    });
    if (found.rebuilt !== null || before !== null) this.#counters.rebuilt(found.rebuilt ?? "the folder changed");
    if (this.#isClosed) {
      await store.close();
      return null;
    }
    // It can be used before the folder was looked through, which takes long on a slow disk.
    this.#store = store;
    await store.look();
    // Room on the disk, not more: it may take its time.
    this.#folder.removeOthers(found).catch(() => {});
    return store;
  }

  #wanted(key: string): Wanted {
    if (this.#last.key !== key) this.#last = { key, hash: hashKey(key) };
    return this.#last;
  }

  #randomName(): string {
    const word = (): string => this.#options.randomWord().toString(16).padStart(8, "0");
    return `${word()}${word()}`;
  }
}

const refusingWriter: DiskWriter = {
  write: async () => {},
  finish: async () => false,
  abort: async () => {},
};

interface FoundPlace {
  readonly wanted: Wanted;
  readonly place: Place;
  readonly record: Record;
}

type FoundAt = FoundPlace & ({ readonly inline: Buffer } | { readonly lend: () => Buffer | undefined });

function shortBody(store: OpenStore, at: FoundAt): ShortBody {
  const readAgain = async (): Promise<Buffer> => {
    const again = await findAgain(store, at);
    if (again === undefined) throw new DiskBodyError("gone");
    return again.inline;
  };
  return "lend" in at ? new KnownBody({ ...at, readAgain }) : new InlineBody({ bytes: at.inline, readAgain });
}

async function findAgain(
  store: OpenStore,
  { wanted, record }: { readonly wanted: Wanted; readonly record: Record },
): Promise<Entry | undefined> {
  const entry = await store.find(wanted).catch(() => undefined);
  const isSame = entry?.record.body.seed === record.body.seed && entry.record.body.begun === record.body.begun;
  return isSame ? entry : undefined;
}

function checkRange({ from, to }: ByteRange, bodyBytes: number): void {
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= bodyBytes) return;
  throw new RangeError(`Cannot read bytes [${from}, ${to}) of a stored body: it has ${bodyBytes}`);
}
