/**
 * Reads what one isolate has used of the CPU: its own time, what was computed for it while it waited, and what the host's threads computed. It
 * charges nobody.
 */
import type { PoolUser } from "../host-operations/thread-pool.ts";
import type { Isolate } from "./isolated-vm.ts";

/**
 * What hearing a question of an isolate that waits, and answering it, costs both threads beside the computing. Coarse: without it a loop of questions used 360 ms of
 * the process and was charged 78, with it 80 and 76.
 */
const crossingMs = 0.02;

export class CpuMeter {
  readonly #isolate: Isolate;
  readonly #nowMs: () => number;
  readonly #pool: Pick<PoolUser, "usedMs">;
  #isolateMs = 0;
  #computedMs = 0;
  #claimedMs = 0;
  #claimedElsewhereMs = 0;
  #elsewhereMs = 0;
  #busyClaims = 0;

  constructor(isolate: Isolate, parts: { readonly nowMs: () => number; readonly pool: Pick<PoolUser, "usedMs"> }) {
    this.#isolate = isolate;
    this.#nowMs = parts.nowMs;
    this.#pool = parts.pool;
  }

  /** Since the isolate exists, milliseconds; of one that is gone what was read last. */
  get totalMs(): number {
    return this.#ownMs + this.#pool.usedMs;
  }

  get #ownMs(): number {
    if (!this.#isolate.isDisposed) this.#isolateMs = Number(this.#isolate.cpuTime) / 1e6;
    return this.#isolateMs + this.#computedMs;
  }

  /** Of the last claim what the host's threads computed. */
  get elsewhereMs(): number {
    return this.#elsewhereMs;
  }

  /** Claims in a row that found the isolate computing. */
  get busyClaims(): number {
    return this.#busyClaims;
  }

  /** What was used since the last claim, milliseconds. */
  claim(): number {
    const before = { ownMs: this.#claimedMs, elsewhereMs: this.#claimedElsewhereMs };
    this.#claimedMs = this.#ownMs;
    this.#claimedElsewhereMs = this.#pool.usedMs;
    const own = Math.max(0, this.#claimedMs - before.ownMs);
    this.#elsewhereMs = Math.max(0, this.#claimedElsewhereMs - before.elsewhereMs);
    this.#busyClaims = own > 1 ? this.#busyClaims + 1 : 0;
    return own + this.#elsewhereMs;
  }

  /** Computes for the isolate while it waits, which isolated-vm does not count as its time. */
  computing<T>(compute: () => T): T {
    const startedMs = this.#nowMs();
    try {
      return compute();
    } finally {
      this.#computedMs += this.#nowMs() - startedMs + crossingMs;
    }
  }
}
