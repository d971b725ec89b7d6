/**
 * Reads in the event loop itself what the operating system almost certainly has in memory: through a thread such a read costs several times as much.
 *
 * All of them go into one buffer, which the next one overwrites. Each is timed: when slow ones take more than their share of the time, they
 * pause, longer each time, and all reads go through threads. A slow one alone is no sign of the disk: on a busy machine the scheduler makes several of
 * them in a second. Invariants: a place is read through a thread first; what is given is that very entry's; failures are left to the thread, which
 * meets and counts them.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import type { Wanted } from "./key-hash.ts";
import { RecentReads, type KnownEntry, type RecentRead } from "./recent-reads.ts";
import { decodeRecord, recognise, signatureOf, type Place, type Record } from "./record-format.ts";
import type { SegmentFiles } from "./segment-files.ts";

export interface SynchronousReadsObserver {
  /** A read took so long that it counts. */
  sawSlowRead(): void;
  pausedSynchronousReads(pause: { readonly pauseMs: number }): void;
}

export interface SynchronousReadsOptions {
  readonly segments: SegmentFiles;
  readonly clock: Clock;
  readonly observer: SynchronousReadsObserver;
  /** What counts as read lately; 0: nothing is read here. */
  readonly recentBytesMax: number;
}

const { slowReadMs, slowMsMax, slowMsPerSecond, pauseMsMin, pauseMsMax } = diskCacheLimits.synchronous;
/** The buffer grows by so many bytes. */
const STEP_BYTES = 65_536;

export class SynchronousReads {
  readonly #options: SynchronousReadsOptions;
  readonly #recent: RecentReads;
  #buffer: Buffer = Buffer.alloc(0);
  /** Whose bytes the buffer begins with. */
  #held: KnownEntry | null = null;
  /** What slow reads took, as far as time has not made up for it, and when that was so. */
  #slowMs = 0;
  #slowAtMs = 0;
  #pauseMs = 0;
  #pausedUntilMs = -Infinity;

  constructor(options: SynchronousReadsOptions) {
    this.#options = options;
    this.#recent = new RecentReads(options.recentBytesMax);
  }

  /** The entry was read through a thread, and found whole with its short body. */
  note(wanted: Wanted, { place, record }: { readonly place: Place; readonly record: Record }): void {
    this.#recent.note({ wanted, place, recordBytes: record.recordBytes, atMs: this.#options.clock.monotonicMs() });
  }

  /** What was read lately under the key. */
  recent(key: string): RecentRead | undefined {
    return this.#recent.get(key);
  }

  /** The entry as it stands there still, live; undefined: to be read through a thread. */
  read(recent: RecentRead): KnownEntry | undefined {
    const bytes = this.#fill(recent);
    if (bytes === "not now") return undefined;
    const known = bytes === undefined ? undefined : recognised(recent, bytes);
    if (known === undefined) {
      this.#recent.forget(recent);
      return undefined;
    }
    recent.known = known;
    this.#held = known;
    return known;
  }

  /** The short body of an entry that was read, even if it was replaced since: to be used before anything else is read. Undefined: it is read through a thread. */
  lend(known: KnownEntry): Buffer | undefined {
    const { place, record } = known;
    if (this.#held !== known) {
      const recent = this.#recent.get(known.wanted.key);
      const bytes = recent?.known === known ? this.#fill(recent) : undefined;
      if (bytes === undefined || bytes === "not now" || recognise(bytes, known.signature) === "other") return undefined;
      this.#held = known;
    }
    return this.#buffer.subarray(record.recordBytes, place.bytes);
  }

  /** The bytes at its place, in the buffer; undefined: they could not be read. */
  #fill(recent: RecentRead): Buffer | "not now" | undefined {
    const { segments, clock } = this.#options;
    const { place } = recent;
    const beganMs = clock.monotonicMs();
    if (beganMs < this.#pausedUntilMs || beganMs - recent.atMs > diskCacheLimits.recentMs) return "not now";
    this.#held = null;
    if (this.#buffer.byteLength < place.bytes) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(place.bytes / STEP_BYTES) * STEP_BYTES);
    }
    const isRead = segments.readNow(place, this.#buffer);
    const endedMs = clock.monotonicMs();
    if (endedMs - beganMs >= slowReadMs) this.#slow(endedMs, endedMs - beganMs);
    recent.atMs = endedMs;
    return isRead ? this.#buffer : undefined;
  }

  #slow(nowMs: number, tookMs: number): void {
    const { observer } = this.#options;
    observer.sawSlowRead();
    const madeUpMs = ((nowMs - this.#slowAtMs) / 1_000) * slowMsPerSecond;
    this.#slowMs = Math.max(0, this.#slowMs - madeUpMs) + tookMs;
    this.#slowAtMs = nowMs;
    if (this.#slowMs <= slowMsMax) return;
    // Who was well for as long as the last pause begins anew.
    const isAgain = nowMs - this.#pausedUntilMs < this.#pauseMs;
    this.#pauseMs = isAgain ? Math.min(pauseMsMax, this.#pauseMs * 2) : pauseMsMin;
    this.#pausedUntilMs = nowMs + this.#pauseMs;
    this.#slowMs = 0;
    observer.pausedSynchronousReads({ pauseMs: this.#pauseMs });
  }
}

function recognised({ wanted, place, known }: RecentRead, bytes: Buffer): KnownEntry | undefined {
  if (known !== null) return recognise(bytes, known.signature) === "live" ? known : undefined;
  const entry = bytes.subarray(0, place.bytes);
  const read = decodeRecord(entry, wanted);
  if (read.kind !== "live") return undefined;
  return {
    wanted,
    place,
    record: { ...read.record, head: Uint8Array.from(read.record.head) },
    signature: signatureOf(entry),
  };
}
