/**
 * Time as a value that is passed in, so that waits, heartbeats and deadlines can be tested without waiting.
 *
 * Invariant: nothing else in this folder reads the system's clock or starts a timer of its own.
 */

/** Ends a timer; harmless when it has fired or was ended before. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonicMs(): number;
  /** Calls `fire` once after `delayMs` (0..2147483647). The timer does not keep a process alive. */
  after(delayMs: number, fire: () => void): CancelTimer;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** The clock's time as stored and shown: ISO 8601 in UTC with milliseconds. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
