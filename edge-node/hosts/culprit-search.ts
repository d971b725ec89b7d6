/**
 * Who brought an isolate host down. A version that ran alone in it did; of several, each is a suspect and runs apart until one of them brings
 * the next host down, or all have behaved for a while.
 *
 * Pure: it knows no process and no clock. Invariants: one death has at most one culprit; an innocent version is back among the others as soon
 * as the culprit is found; a version is remembered only until it is forgotten, which is when it is unloaded: a new version starts anew.
 */

import type { Accusation } from "./accused-versions.ts";

export type Standing =
  | { readonly kind: "trusted" }
  /** Runs apart until `untilMs`. */
  | { readonly kind: "suspect"; readonly untilMs: number }
  /** Passed its limits again and again (noisy-versions.ts): runs apart, with others like it. */
  | { readonly kind: "noisy"; readonly untilMs: number }
  /** Runs in a process of its own, not before `retryAtMs`, until `untilMs`. */
  | { readonly kind: "quarantined"; readonly kills: number; readonly retryAtMs: number; readonly untilMs: number };

export interface Verdict {
  readonly culprit: string | null;
  readonly suspects: readonly string[];
  /** Were suspects and are trusted again. */
  readonly released: readonly string[];
}

/** Times in milliseconds of one clock, whichever. */
export const culpritTimes = {
  /** A suspect's time apart; twice as long each further time. */
  probationMsMin: 30_000,
  probationMsMax: 3_600_000,
  /** A quarantined version that kills its own process waits before it may run again: this long the first time, twice as long each further time. */
  backOffMsMin: 1_000,
  backOffMsMax: 300_000,
  /** A home that loses a process so soon after another accuses everybody who is there. */
  againMsMax: 600_000,
  /** A host that somebody killed accuses those only that ran in another one that was killed, so long ago at most. */
  killedMsMax: 600_000,
  /** Good conduct after which quarantine ends without a new version; twice as long each further kill. */
  quarantineMsMin: 3_600_000,
  quarantineMsMax: 86_400_000,
} as const;

interface Suspicion {
  readonly search: number;
  readonly untilMs: number;
}

interface Conviction {
  readonly kills: number;
  readonly retryAtMs: number;
  readonly untilMs: number;
}

export class CulpritSearch {
  readonly #suspects = new Map<string, Suspicion>();
  readonly #culprits = new Map<string, Conviction>();
  /** When a version ran in a host that was killed last. */
  readonly #killed = new Map<string, number>();
  /** How often a version was suspected or quarantined. */
  readonly #times = new Map<string, number>();
  #searches = 0;

  standing(key: string): Standing {
    const conviction = this.#culprits.get(key);
    if (conviction !== undefined) return { kind: "quarantined", ...conviction };
    const suspicion = this.#suspects.get(key);
    return suspicion === undefined ? trusted : { kind: "suspect", untilMs: suspicion.untilMs };
  }

  /** Keys in quarantine. */
  get quarantined(): readonly string[] {
    return [...this.#culprits.keys()];
  }

  /** A host died, hung or took too much memory. */
  judge({ keys, isComplete }: Accusation, nowMs: number): Verdict {
    const known = keys.find((key) => this.#culprits.has(key));
    const [only, second] = keys;
    if (only === undefined) return { culprit: null, suspects: [], released: [] };
    const isCertain = second === undefined && isComplete;
    if (isCertain || known !== undefined) return this.convict(known ?? only, nowMs);
    return this.#suspect(keys, nowMs);
  }

  /**
   * Somebody killed a host: an operator, or the kernel when memory ran out. That is nobody's fault unless it happens again: whoever has no luck
   * twice is judged.
   */
  judgeKilled({ keys, isComplete }: Accusation, nowMs: number): Verdict {
    const isAgain = (key: string): boolean => nowMs - (this.#killed.get(key) ?? -Infinity) <= culpritTimes.killedMsMax;
    const again = keys.filter(isAgain);
    for (const key of keys) this.#killed.set(key, nowMs);
    return this.judge({ keys: again, isComplete }, nowMs);
  }

  /** It was `key`. */
  convict(key: string, nowMs: number): Verdict {
    const before = this.#culprits.get(key);
    const kills = (before?.kills ?? 0) + 1;
    const search = this.#suspects.get(key)?.search;
    this.#suspects.delete(key);
    const times = before === undefined ? this.#count(key) : (this.#times.get(key) ?? 1);
    const { backOffMsMin, backOffMsMax, quarantineMsMin, quarantineMsMax } = culpritTimes;
    // The first time it only moves: what it was asked is asked once more, where nobody else can be hurt.
    const waitMs = kills === 1 ? 0 : doubled(kills - 2, { min: backOffMsMin, max: backOffMsMax });
    const staysMs = doubled(times + kills - 2, { min: quarantineMsMin, max: quarantineMsMax });
    this.#culprits.set(key, { kills, retryAtMs: nowMs + waitMs, untilMs: nowMs + staysMs });
    return { culprit: key, suspects: [], released: search === undefined ? [] : this.#release(search, new Set()) };
  }

  /** Keys whose time apart or in quarantine is over; they are trusted from now on. */
  release(nowMs: number): readonly string[] {
    const over = [...this.#suspects, ...this.#culprits].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of over) {
      this.#suspects.delete(key);
      this.#culprits.delete(key);
    }
    return over.map(([key]) => key);
  }

  /** The version is gone. */
  forget(key: string): void {
    this.#suspects.delete(key);
    this.#culprits.delete(key);
    this.#times.delete(key);
    this.#killed.delete(key);
  }

  #suspect(running: readonly string[], nowMs: number): Verdict {
    // Of a search that goes on, those that did not run this time are innocent of it.
    const searches = new Set(running.flatMap((key) => this.#suspects.get(key)?.search ?? []));
    const released = [...searches].flatMap((search) => this.#release(search, new Set(running)));
    const search = ++this.#searches;
    for (const key of running) {
      const staysMs = doubled(this.#count(key) - 1, {
        min: culpritTimes.probationMsMin,
        max: culpritTimes.probationMsMax,
      });
      this.#suspects.set(key, { search, untilMs: nowMs + staysMs });
    }
    return { culprit: null, suspects: [...running], released };
  }

  #release(search: number, except: ReadonlySet<string>): readonly string[] {
    const released = [...this.#suspects].filter(([key, found]) => found.search === search && !except.has(key));
    for (const [key] of released) this.#suspects.delete(key);
    return released.map(([key]) => key);
  }

  #count(key: string): number {
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    return times;
  }
}

const trusted: Standing = { kind: "trusted" };

/** `min`, doubled `times` times, at most `max`. */
function doubled(times: number, { min, max }: { readonly min: number; readonly max: number }): number {
  return Math.min(max, min * 2 ** Math.min(32, Math.max(0, times)));
}
