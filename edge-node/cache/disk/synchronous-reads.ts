/**
 * Reads in the event loop itself what the operating system almost certainly has in memory: through a thread such a read costs several times as much.
 *
 * Each is timed. When slow ones take more than their share of the time, they pause, longer each time, and all reads go through threads. A slow one
 * alone is no sign of the disk: on a busy machine the scheduler makes several of them in a second. Invariants: a place is read through a thread first; failures
 * are left to the thread, which meets and counts them.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import { RecentReads } from "./recent-reads.ts";
import type { Place } from "./record-format.ts";
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

export class SynchronousReads {
  readonly #options: SynchronousReadsOptions;
  readonly #recent: RecentReads;
  /** What slow reads took, as far as time has not made up for it, and when that was so. */
  #slowMs = 0;
  #slowAtMs = 0;
  #pauseMs = 0;
  #pausedUntilMs = -Infinity;

  constructor(options: SynchronousReadsOptions) {
    this.#options = options;
    this.#recent = new RecentReads(options.recentBytesMax);
  }

  /** The place was read through a thread, and its record found whole. */
  note(place: Place, recordBytes: number): void {
    this.#recent.note(place, { recordBytes, nowMs: this.#options.clock.monotonicMs() });
  }

  /** Record and body in memory of their own; undefined: to be read through a thread. */
  read(place: Place): { readonly record: Buffer; readonly body: Buffer } | undefined {
    const { segments, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    if (beganMs < this.#pausedUntilMs) return undefined;
    const recordBytes = this.#recent.recordBytesAt(place, beganMs);
    if (recordBytes === undefined) return undefined;
    const record = Buffer.allocUnsafe(recordBytes);
    const body = Buffer.allocUnsafeSlow(place.bytes - recordBytes);
    const isRead = segments.readNow(place, body.byteLength === 0 ? [record] : [record, body]);
    const endedMs = clock.monotonicMs();
    if (endedMs - beganMs >= slowReadMs) this.#slow(endedMs, endedMs - beganMs);
    if (!isRead) {
      this.#recent.forget(place);
      return undefined;
    }
    this.#recent.note(place, { recordBytes, nowMs: endedMs });
    return { record, body };
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
