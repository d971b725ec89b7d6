/** Counts and logs what happens to the disk tier of one front. A failing disk is logged at most once in ten seconds for each kind of event. */
import type { Clock } from "../../clock.ts";
import type { LogFields, Logger } from "../../logger.ts";
import type { OperationKind, OperationsObserver } from "./disk-operations.ts";
import type { DiskStats } from "./disk-store.ts";
import type { OpenStore, StoreObserver } from "./open-store.ts";

const QUIET_MS = 10_000;

export class StoreCounters implements OperationsObserver, StoreObserver {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #loggedMs = new Map<string, number>();
  readonly #errors = { read: 0, write: 0 };
  #misses = 0;
  #damaged = 0;
  #refusedWrites = 0;
  #evictedSegments = 0;
  #keptEntries = 0;
  #rests = 0;
  #rebuilds = 0;
  #slowSynchronousReads = 0;
  #synchronousPauses = 0;
  hits = 0;
  writes = 0;
  lateReads = 0;
  synchronousReads = 0;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  missed(): undefined {
    this.#misses++;
  }

  refused(reason: "size" | "slow" | "failed"): void {
    this.#refusedWrites++;
    if (reason !== "size") this.#log({ reason }, "disk-cache-write-refused");
  }

  failed(kind: OperationKind, code: string): void {
    this.#errors[kind]++;
    this.#log({ kind, code }, "disk-cache-failed");
  }

  rested(kind: OperationKind, { restMs, cause }: { readonly restMs: number; readonly cause: string }): void {
    this.#rests++;
    this.#logger.warn({ kind, restMs, cause }, "disk-cache-rests");
  }

  damaged({ segment, offset }: { readonly segment: number; readonly offset: number }): void {
    this.#damaged++;
    this.#log({ segment, offset }, "disk-cache-damaged");
  }

  sawSlowRead(): void {
    this.#slowSynchronousReads++;
  }

  pausedSynchronousReads({ pauseMs }: { readonly pauseMs: number }): void {
    this.#synchronousPauses++;
    this.#logger.warn({ pauseMs }, "disk-cache-reads-through-threads");
  }

  dropped({ keptEntries }: { readonly keptEntries: number }): void {
    this.#evictedSegments++;
    this.#keptEntries += keptEntries;
  }

  rebuilt(reason: string): void {
    this.#rebuilds++;
    this.#logger.warn({ reason }, "disk-cache-rebuilt");
  }

  snapshot(store: OpenStore | null): DiskStats {
    return {
      bytes: store?.bytes ?? 0,
      entries: Math.max(0, store?.entries ?? 0),
      hits: this.hits,
      misses: this.#misses,
      lateReads: this.lateReads,
      writes: this.writes,
      refusedWrites: this.#refusedWrites,
      readErrors: this.#errors.read,
      writeErrors: this.#errors.write,
      damaged: this.#damaged,
      evictedSegments: this.#evictedSegments,
      keptEntries: this.#keptEntries,
      synchronousReads: this.synchronousReads,
      slowSynchronousReads: this.#slowSynchronousReads,
      synchronousPauses: this.#synchronousPauses,
      rests: this.#rests,
      rebuilds: this.#rebuilds,
    };
  }

  #log(fields: LogFields, event: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#loggedMs.get(event) ?? -Infinity) < QUIET_MS) return;
    this.#loggedMs.set(event, nowMs);
    this.#logger.warn(fields, event);
  }
}
