/**
 * Whom the end of an isolate host accuses. An instance runs code when nothing was asked of it, too: timers that it left behind, heartbeats. Who is seen
 * running is therefore not all that may have done it, and whoever has somebody else's host end at the right moment must not have that one convicted.
 *
 * Pure. Invariants: whoever may have run code is accused when a home loses its host a second time, and at once where suspects or the like live; only one
 * beside whom nobody was there is certain to have done it.
 */
import type { HomeKind } from "./host-placement.ts";

export interface Accusation {
  readonly keys: readonly string[];
  /** Nobody else could have run code there. */
  readonly isComplete: boolean;
}

export const nobodyAccused: Accusation = { keys: [], isComplete: true };

export interface Scene {
  readonly kind: HomeKind;
  /** Keys with invocations in the process. */
  readonly running: readonly string[];
  /** Keys that have, or may have, instances in the process. */
  readonly present: readonly string[];
  /** The home lost another process not long ago. */
  readonly isAgain: boolean;
}

export function accusedOf({ kind, running, present, isAgain }: Scene): Accusation {
  const everybody = [...new Set([...running, ...present])];
  const isComplete = running.length === 0 || kind !== "shared" || isAgain;
  return isComplete
    ? { keys: everybody, isComplete }
    : { keys: running, isComplete: everybody.length === running.length };
}
