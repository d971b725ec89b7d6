/**
 * Has memory given back that requests left and nobody needs: V8 collects when more is asked for, and keeps the pages of what it collected for the next
 * time, so that a front that was busy and is not any more would keep hundreds of megabytes for hours.
 *
 * Invariant: it stops the front for a collection only while the event loop has little to do, there is much to gain, and what lives is little enough to
 * be looked through in some 150 ms; whoever makes a front grow again and again has it stop for half a percent of the time.
 */
import type { Clock } from "../clock.ts";
import { counter, type MetricReport } from "../front/metric-report.ts";

export const idleCollection = {
  lookMs: 10_000,
  /** From a collection to the next look. */
  restMs: 30_000,
  /** Of the time since the last look, in which the event loop may have been busy. */
  busyShareMax: 0.1,
  /** Resident memory beyond what there was after the last collection. */
  gainBytesMin: 33_554_432,
  /** A larger heap is V8's to collect, piece by piece. */
  heapBytesMax: 67_108_864,
} as const;

export interface MemoryInUse {
  /** Objects and what is not collected of them, bytes. */
  readonly heapBytes: number;
  /** What the process has of the machine: beside the heap its free pages, buffers, and what the allocator keeps, bytes. */
  readonly residentBytes: number;
}

export interface IdleCollectionOptions {
  readonly inUse: () => MemoryInUse;
  /** Since the last call, 0 to 1. */
  readonly busyShare: () => number;
  /** Collects everything and gives free pages back, at once. */
  readonly collect: () => void;
  readonly clock: Pick<Clock, "after" | "monotonicMs">;
}

export class IdleCollection {
  readonly #options: IdleCollectionOptions;
  #keptBytes = Infinity;
  #collections = 0;
  #stoppedMs = 0;

  constructor(options: IdleCollectionOptions) {
    this.#options = options;
  }

  /** From now on, as long as the process lives. */
  start(): void {
    this.#lookAfter(idleCollection.lookMs);
  }

  metrics(): readonly MetricReport[] {
    return [
      counter({
        name: "selvage_front_collections_total",
        help: "Collections of garbage while a front had little to do",
        values: [{ value: this.#collections, labels: {} }],
      }),
      counter({
        name: "selvage_front_collection_seconds_total",
        help: "Time that fronts stood still for these collections",
        values: [{ value: this.#stoppedMs / 1_000, labels: {} }],
      }),
    ];
  }

  #lookAfter(delayMs: number): void {
    this.#options.clock.after(delayMs, () => {
      this.#lookAfter(this.#look() ? idleCollection.restMs : idleCollection.lookMs);
    });
  }

  /** Whether it collected. */
  #look(): boolean {
    const { busyShare, clock, collect, inUse } = this.#options;
    const share = busyShare();
    const { heapBytes, residentBytes } = inUse();
    this.#keptBytes = Math.min(this.#keptBytes, residentBytes);
    if (share > idleCollection.busyShareMax || heapBytes > idleCollection.heapBytesMax) return false;
    if (residentBytes - this.#keptBytes < idleCollection.gainBytesMin) return false;
    const began = clock.monotonicMs();
    collect();
    this.#collections += 1;
    this.#stoppedMs += clock.monotonicMs() - began;
    this.#keptBytes = inUse().residentBytes;
    return true;
  }
}
