/**
 * Which function versions pass their limits again and again: each time an instance is stopped and another one started, which costs those that live
 * in the same process time. They run apart for a while, at a lower priority.
 *
 * Pure. It knows no process and no clock. Invariant: who is noisy stays so until it has been quiet for its time, or is forgotten.
 */

/** Times in milliseconds of one clock, whichever. */
export const noisyTimes = {
  /** So many strikes, each at most so long after the one before, make a version noisy. */
  strikes: 3,
  strikesMs: 10_000,
  /** What is answered with a limit's code within this time is one strike: a stopped instance fails all that ran in it. */
  oneStrikeMs: 25,
  /** More answers than this between two strikes and the version is not noisy, it has bad requests. */
  goodAnswersMax: 100,
  /** Quiet time after which it is back among the others; twice as long each further time. */
  staysMsMin: 60_000,
  staysMsMax: 3_600_000,
} as const;

interface Record {
  strikes: number;
  struckMs: number;
  servedThen: number;
  times: number;
  /** Null: not noisy. */
  untilMs: number | null;
}

export class NoisyVersions {
  readonly #records = new Map<string, Record>();

  /** When the noisy time of a version ends as far as is known, or null. */
  untilMs(key: string): number | null {
    return this.#records.get(key)?.untilMs ?? null;
  }

  /** An invocation failed at a limit; `served`: how many ended well so far. Returns whether the version has just become noisy. */
  strike(key: string, { nowMs, served }: { readonly nowMs: number; readonly served: number }): boolean {
    const record = this.#records.get(key) ?? {
      strikes: 0,
      struckMs: -Infinity,
      servedThen: 0,
      times: 0,
      untilMs: null,
    };
    this.#records.set(key, record);
    const { oneStrikeMs, strikesMs, goodAnswersMax, strikes } = noisyTimes;
    const sinceMs = nowMs - record.struckMs;
    if (sinceMs < oneStrikeMs) return false;
    const isInRow = sinceMs <= strikesMs && served - record.servedThen <= goodAnswersMax;
    record.strikes = isInRow ? record.strikes + 1 : 1;
    record.struckMs = nowMs;
    record.servedThen = served;
    const wasNoisy = record.untilMs !== null;
    if (!wasNoisy && record.strikes < strikes) return false;
    if (!wasNoisy) record.times += 1;
    record.untilMs =
      nowMs + Math.min(noisyTimes.staysMsMax, noisyTimes.staysMsMin * 2 ** Math.min(16, record.times - 1));
    return !wasNoisy;
  }

  /** Keys whose time is over. */
  release(nowMs: number): readonly string[] {
    const over: string[] = [];
    for (const [key, record] of this.#records) {
      if (record.untilMs === null || record.untilMs > nowMs) continue;
      record.untilMs = null;
      record.strikes = 0;
      over.push(key);
    }
    return over;
  }

  /** The version is gone. */
  forget(key: string): void {
    this.#records.delete(key);
  }
}
