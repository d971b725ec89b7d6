/**
 * Lets a bounded number of file operations run at once, reads first, and watches how they end.
 *
 * Node.js has four threads for file operations, and other work needs them too; an operation on a disk that hangs keeps its place here until
 * it really ends, so that one thread is always left. Invariant: with the breaker open nothing is started.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { codeOf } from "./disk-files.ts";

export type OperationKind = "read" | "write";

export interface Operation {
  readonly kind: OperationKind;
  /** Bytes read or written tell that the disk works; what else succeeds does not. */
  readonly of: "bytes" | "names";
}

/** An operation that was not tried, or not in time. */
export class DiskUnavailableError extends Error {
  readonly code = "DISK_UNAVAILABLE";
}

export interface OperationsObserver {
  failed(kind: OperationKind, code: string): void;
  rested(kind: OperationKind, rest: { readonly restMs: number; readonly cause: string }): void;
}

interface Waiting {
  readonly begin: () => void;
  readonly refuse: () => void;
}

export class DiskOperations {
  readonly #clock: Clock;
  readonly #observer: OperationsObserver;
  readonly #breakers: Readonly<Record<OperationKind, CircuitBreaker>>;
  readonly #waiting: Readonly<Record<OperationKind, Waiting[]>> = { read: [], write: [] };
  #running = 0;

  constructor(options: { readonly clock: Clock; readonly observer: OperationsObserver }) {
    const { clock, observer } = options;
    this.#clock = clock;
    this.#observer = observer;
    const breaker = (kind: OperationKind): CircuitBreaker =>
      new CircuitBreaker({
        clock,
        onRest: (rest) => {
          observer.rested(kind, rest);
          for (const { refuse } of this.#waiting[kind].splice(0)) refuse();
        },
      });
    this.#breakers = { read: breaker("read"), write: breaker("write") };
  }

  isAvailable(kind: OperationKind): boolean {
    return this.#breakers[kind].isClosed;
  }

  /**
   * Runs `start` when its turn comes.
   * @throws DiskUnavailableError when the disk rests or too much waits; else what `start` throws.
   */
  run<T>(operation: Operation, start: () => Promise<T>): Promise<T> {
    const breaker = this.#breakers[operation.kind];
    if (!breaker.isClosed) return Promise.reject(new DiskUnavailableError("The disk is left alone"));
    if (this.#running < diskCacheLimits.operationsMax) return this.#perform(operation, start);
    return this.#enqueue(operation, start);
  }

  /** Tells that somebody stopped waiting for an operation, which may never end. */
  late(kind: OperationKind): void {
    this.#breakers[kind].failed("late");
  }

  #enqueue<T>(operation: Operation, start: () => Promise<T>): Promise<T> {
    const queue = this.#waiting[operation.kind];
    if (queue.length >= diskCacheLimits.operationsQueueMax) {
      return Promise.reject(new DiskUnavailableError("Too many operations wait for the disk"));
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => resolve(this.#perform(operation, start));
      queue.push({ begin, refuse: () => reject(new DiskUnavailableError("The disk is left alone")) });
    });
  }

  async #perform<T>(operation: Operation, start: () => Promise<T>): Promise<T> {
    const breaker = this.#breakers[operation.kind];
    this.#running++;
    const begunMs = this.#clock.monotonicMs();
    try {
      const result = await start();
      if (this.#clock.monotonicMs() - begunMs >= diskCacheLimits.slowOperationMs) breaker.failed("slow");
      else if (operation.of === "bytes") breaker.succeeded();
      return result;
    } catch (error) {
      const code = codeOf(error);
      this.#observer.failed(operation.kind, code);
      breaker.failed(code);
      throw error;
    } finally {
      this.#running--;
      (this.#waiting.read.shift() ?? this.#waiting.write.shift())?.begin();
    }
  }
}
