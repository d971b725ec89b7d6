/**
 * One origin request for many clients: the first request for a key leads, the others wait for what it finds out.
 *
 * Knows keys and hops only. Invariants: every ticket is settled exactly once, and settling releases all who wait, in order and at once; of one
 * who left nothing stays. Nobody waits longer than `fillWaitMs` after the first who did, and no request for itself: one that its own origin sent back
 * has more hops.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { AskedKeys } from "./asked-keys.ts";
import { HOPS_MAX } from "./loop-guard.ts";

export type FillResult =
  /** The answer is in the cache, or is arriving there. */
  | { readonly kind: "stored" }
  /** What came is not true any more: everybody looks again, and one of them asks. */
  | { readonly kind: "outdated" }
  /** It cannot be shared: everybody asks alone. */
  | { readonly kind: "uncacheable" }
  /** No answer came; it would not come for the others either. */
  | { readonly kind: "failed"; readonly code: ErrorCode };

/** Held by the request that leads. */
export interface FillTicket {
  /** Who wait, or did when it was settled. */
  readonly waiters: number;
  /** Calls `tell` whenever the last of those who waited has left, in place of who was told before. */
  whenDeserted(tell: () => void): void;
  /** Further calls do nothing. */
  settle(result: FillResult): void;
}

/** Held by a request that waits. */
export interface FillWait {
  readonly result: Promise<FillResult | { readonly kind: "left" }>;
  /** Its client is gone: the result is `left`, at once. Harmless after the end. */
  leave(): void;
}

export type Joined =
  | { readonly kind: "lead"; readonly ticket: FillTicket }
  | { readonly kind: "wait"; readonly wait: FillWait }
  /** Too many wait already. */
  | { readonly kind: "full" };

export interface JoinOptions {
  /** How often the request came through this CDN before: it waits for its equals only. Default 0. */
  readonly hops?: number;
  /** Whether what was begun then (milliseconds since the epoch) may be true still; nobody waits for it otherwise. Default: it may. */
  readonly isCurrent?: (begunAt: number) => boolean;
}

export class Collapser {
  /** What is asked for now, with or without a ticket. */
  readonly asked: AskedKeys = new AskedKeys();
  readonly #clock: Clock;
  readonly #fills = new Map<string, Fill>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#fills.size;
  }

  has(key: string): boolean {
    for (let hops = 0; hops < HOPS_MAX; hops++) if (this.#fills.has(fillKey(key, hops))) return true;
    return false;
  }

  join(key: string, { hops = 0, isCurrent = () => true }: JoinOptions = {}): Joined {
    const id = fillKey(key, hops);
    const running = this.#fills.get(id);
    if (running === undefined) return { kind: "lead", ticket: this.#lead(id) };
    if (!isCurrent(running.begunAt)) {
      const ticket = this.#lead(id);
      running.settle({ kind: "outdated" });
      return { kind: "lead", ticket };
    }
    if (running.waiters >= cacheLimits.waitersPerFillMax) return { kind: "full" };
    return { kind: "wait", wait: running.wait() };
  }

  #lead(key: string): FillTicket {
    const fill: Fill = new Fill(this.#clock, () => {
      if (this.#fills.get(key) === fill) this.#fills.delete(key);
    });
    this.#fills.set(key, fill);
    return fill;
  }
}

/** Keys hold no line feed at their end. */
function fillKey(key: string, hops: number): string {
  return hops === 0 ? key : `${key}\n${hops}\n`;
}

class Fill implements FillTicket {
  readonly begunAt: number;
  readonly #clock: Clock;
  readonly #forget: () => void;
  readonly #waiting = new Set<(result: FillResult) => void>();
  #waited = 0;
  #open = true;
  #cancelTimer: CancelTimer | null = null;
  #tellDeserted: () => void = () => {};

  constructor(clock: Clock, forget: () => void) {
    this.begunAt = clock.now();
    this.#clock = clock;
    this.#forget = forget;
  }

  get waiters(): number {
    return this.#open ? this.#waiting.size : this.#waited;
  }

  whenDeserted(tell: () => void): void {
    this.#tellDeserted = tell;
  }

  wait(): FillWait {
    const { promise, resolve } = Promise.withResolvers<FillResult | { readonly kind: "left" }>();
    this.#waiting.add(resolve);
    this.#cancelTimer ??= this.#clock.after(cacheLimits.fillWaitMs, () => this.settle({ kind: "uncacheable" }));
    const leave = (): void => {
      if (!this.#waiting.delete(resolve)) return;
      resolve({ kind: "left" });
      if (this.#waiting.size > 0) return;
      this.#cancelTimer?.();
      this.#cancelTimer = null;
      this.#tellDeserted();
    };
    return { result: promise, leave };
  }

  settle(result: FillResult): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelTimer?.();
    this.#forget();
    const waiting = [...this.#waiting];
    this.#waited = waiting.length;
    this.#waiting.clear();
    for (const resolve of waiting) resolve(result);
  }
}
