/**
 * The way into one isolate: batches of frames, run by the isolate's own thread or, while its entries are quick (entry-pace.ts), by the thread that asks.
 *
 * It does not know what a frame means. Invariants: entries run in the order in which they were made, never two at once, and what the guest says
 * in them arrives in that order, too; an entry that the asking thread runs ends at its CPU limit.
 */
import { defaultFunctionLimits, type FunctionLimits } from "../../sdk/limits.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import type { GuestEntry } from "./boot.ts";
import { EntryPace } from "./entry-pace.ts";
import { EntryWatch } from "./entry-watch.ts";
import type { Copy } from "./isolated-vm.ts";

/** A function that may use more CPU time at once never runs on the thread of others, however quick it was. */
const directCpuMsMax = 2 * defaultFunctionLimits.cpuMs;
/** An entry's limit is wall time: so much beyond the CPU limit, for a thread that was preempted. */
const directGraceMs = 20;

export interface EntranceOptions {
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "threadCpuMs" | "afterTick">;
  readonly limits: Pick<FunctionLimits, "cpuMs">;
  /** isolated-vm fails the entry that left a rejection unhandled; the guest's own entry never throws. */
  readonly onFailed: (error: unknown) => void;
  readonly onTimeout: () => void;
  /** Whether the thread that asks may run entries itself now: nobody who does not deserve it waits meanwhile. */
  readonly mayRunHere: () => boolean;
}

export interface Entry {
  readonly batch: string;
  readonly buffers: readonly Copy<ArrayBuffer>[];
  /** Whether `onFailed` is wanted; it costs a thread hop where the isolate's own thread runs the entry. */
  readonly isWatched: boolean;
}

export class Entrance {
  /** The entries that have not come back; not all are watched while there is no reason to. */
  readonly entries: EntryWatch = new EntryWatch();
  readonly #options: EntranceOptions;
  readonly #pace: EntryPace | null;
  #receive: GuestEntry | null = null;
  #invocations = 0;
  #entered = 0;
  #lastUnwatched = 0;
  #lastReturned = 0;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#pace = options.limits.cpuMs <= directCpuMsMax ? new EntryPace() : null;
  }

  /** The guest is ready to receive. */
  open(receive: GuestEntry): void {
    this.#receive = receive;
  }

  get isOpen(): boolean {
    return this.#receive !== null;
  }

  /** The next entry begins one invocation more. */
  countInvocation(): void {
    this.#invocations += 1;
  }

  /** The isolate's own thread used so much since the last look. */
  looked(usedMs: number): void {
    if (this.#pace === null || this.#pace.isQuick) return;
    this.#pace.looked(usedMs, this.#invocations);
    this.#invocations = 0;
  }

  enter({ batch, buffers, isWatched }: Entry): void {
    const receive = this.#receive;
    if (receive === null) return;
    if (this.#pace?.isQuick === true && this.#options.mayRunHere()) {
      // What the other thread was given comes first; the first watched entry tells when all of it is done.
      if (this.entries.open === 0 && this.#lastReturned >= this.#lastUnwatched) {
        this.#run(receive, [batch, ...buffers], this.#pace);
        return;
      }
    } else if (!isWatched) {
      this.#lastUnwatched = this.#entered += 1;
      receive.applyIgnored(undefined, [batch, ...buffers]);
      return;
    }
    this.#watch(receive.apply(undefined, [batch, ...buffers])).catch(this.#options.onFailed);
  }

  /** Resolves when the guest has returned from everything it was given, microtasks included. */
  async passThrough(): Promise<void> {
    if (this.#receive !== null) await this.#watch(this.#receive.apply(undefined, [""])).catch(ignore);
  }

  /** Resolves when the guest has returned and what it said in its last entry, which arrives as tasks of their own, is here, too. */
  async settle({ startTimer }: Pick<RuntimeEnvironment, "startTimer">): Promise<void> {
    await this.passThrough();
    await new Promise<void>((resolve) => {
      startTimer(5, resolve);
    });
  }

  #watch(entry: Promise<unknown>): Promise<unknown> {
    const number = (this.#entered += 1);
    this.entries.watch(entry);
    return entry.finally(() => {
      this.#lastReturned = number;
    });
  }

  #run(receive: GuestEntry, batch: [string, ...Copy<ArrayBuffer>[]], pace: EntryPace): void {
    const { environment, limits, onFailed, onTimeout } = this.#options;
    const startedMs = environment.nowMs();
    const usedBeforeMs = environment.threadCpuMs();
    const timeoutMs = limits.cpuMs + directGraceMs;
    let failure: { readonly error: unknown } | null = null;
    try {
      receive.applySync(undefined, batch, { timeout: timeoutMs });
    } catch (error) {
      failure = { error };
    }
    pace.ran(environment.threadCpuMs() - usedBeforeMs, this.#invocations);
    this.#invocations = 0;
    if (failure === null) return;
    const { error } = failure;
    if (environment.nowMs() - startedMs >= timeoutMs) onTimeout();
    // Not from here: a guest that fails every entry would be entered again and again without an end.
    else
      environment.afterTick(() => {
        onFailed(error);
      });
  }
}

function ignore(): void {}
