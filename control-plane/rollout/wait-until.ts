/** Waits for what nodes do: looks, and looks again whenever something changed, until it is done or the time is over. */
import type { Clock } from "../clock.ts";
import type { ChangeSignal } from "./change-signal.ts";

export interface WaitOptions<T> {
  readonly clock: Clock;
  /** Notified at every change that `look` may see. */
  readonly signal: ChangeSignal;
  readonly waitSeconds: number;
  readonly look: () => Promise<T>;
  /** Whether there is nothing more to wait for. */
  readonly isDone: (value: T) => boolean;
}

/** What `look` gave last. Rejects when it does. */
export async function waitUntil<T>({ clock, signal, waitSeconds, look, isDone }: WaitOptions<T>): Promise<T> {
  let expired = waitSeconds <= 0;
  const timeout = Promise.withResolvers<void>();
  const cancelTimeout = clock.after(waitSeconds * 1_000, () => {
    expired = true;
    timeout.resolve();
  });
  try {
    for (;;) {
      const next = signal.next();
      try {
        const value = await look();
        if (expired || isDone(value)) return value;
        await Promise.race([next.changed, timeout.promise]);
      } finally {
        next.cancel();
      }
    }
  } finally {
    cancelTimeout();
  }
}
