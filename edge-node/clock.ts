/**
 * Time as a value that is passed in, so that waits, back-offs and deadlines can be tested without waiting.
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
  /** Calls `fire` once after `delayMs` (0..2147483647). */
  after(delayMs: number, fire: () => void): CancelTimer;
}

/** The system's clock. Its timers hold a process: the processes of a node end when they say so, not when they run out of work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or as soon as `signal` aborts; never rejects. */
export function delay(
  clock: Clock,
  options: { readonly delayMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { delayMs, signal } = options;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
