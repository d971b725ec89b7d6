/** Reads what one isolate has used of the CPU: its own time, and what was computed for it while it waited. It charges nobody. */
import type { Isolate } from "./isolated-vm.ts";

export class CpuMeter {
  readonly #isolate: Isolate;
  readonly #nowMs: () => number;
  #isolateMs = 0;
  #computedMs = 0;
  #claimedMs = 0;
  #busyClaims = 0;

  constructor(isolate: Isolate, nowMs: () => number) {
    this.#isolate = isolate;
    this.#nowMs = nowMs;
  }

  /** Since the isolate exists, milliseconds; of one that is gone what was read last. */
  get totalMs(): number {
    if (!this.#isolate.isDisposed) this.#isolateMs = Number(this.#isolate.cpuTime) / 1e6;
    return this.#isolateMs + this.#computedMs;
  }

  /** Claims in a row that found the isolate computing. */
  get busyClaims(): number {
    return this.#busyClaims;
  }

  /** What was used since the last claim, milliseconds. */
  claim(): number {
    const before = this.#claimedMs;
    this.#claimedMs = this.totalMs;
    const claim = Math.max(0, this.#claimedMs - before);
    this.#busyClaims = claim > 1 ? this.#busyClaims + 1 : 0;
    return claim;
  }

  /** Computes for the isolate while it waits, which isolated-vm does not count as its time. */
  computing<T>(compute: () => T): T {
    const startedMs = this.#nowMs();
    const result = compute();
    this.#computedMs += this.#nowMs() - startedMs;
    return result;
  }
}
