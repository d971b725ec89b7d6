/**
 * How many requests one place carries at once: a number of slots, and a bounded queue for who waits for one.
 *
 * Knows numbers and moments only. Invariants: at most `max` slots of a place are held; who waits is served in order, or refused when the queue is
 * full or its time is over; a place nobody uses takes no memory.
 */
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";

/** Gives a slot back; further calls do nothing. */
export type ReleaseSlot = () => void;

export interface WaitingForSlot {
  /** Null: refused. Never rejects. */
  readonly slot: Promise<ReleaseSlot | null>;
  /** Gives up; the promise says null. */
  cancel(): void;
}

interface Waiting {
  take(release: ReleaseSlot): void;
}

interface Slots {
  held: number;
  readonly waiting: Set<Waiting>;
}

export class SourceSlots {
  readonly #clock: Clock;
  readonly #places = new Map<string, Slots>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Slots held now. */
  held(place: string): number {
    return this.#places.get(place)?.held ?? 0;
  }

  /** A slot at once, a place in the queue, or null: the queue is full. */
  acquire(
    place: string,
    { max, waitMs }: { readonly max: number; readonly waitMs: number },
  ): ReleaseSlot | WaitingForSlot | null {
    let slots = this.#places.get(place);
    if (slots === undefined) {
      slots = { held: 0, waiting: new Set() };
      this.#places.set(place, slots);
    }
    if (slots.held < max) {
      slots.held++;
      return this.#release(place, slots);
    }
    return slots.waiting.size < originLimits.waitingMax ? this.#wait(slots, waitMs) : null;
  }

  #wait({ waiting }: Slots, waitMs: number): WaitingForSlot {
    const { promise, resolve } = Promise.withResolvers<ReleaseSlot | null>();
    const end = (result: ReleaseSlot | null): void => {
      waiting.delete(entry);
      cancelTimer();
      resolve(result);
    };
    const entry = { take: end };
    const cancelTimer = this.#clock.after(waitMs, () => end(null));
    waiting.add(entry);
    return { slot: promise, cancel: () => end(null) };
  }

  #release(place: string, slots: Slots): ReleaseSlot {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = slots.waiting;
      if (next !== undefined) {
        next.take(this.#release(place, slots));
        return;
      }
      slots.held--;
      if (slots.held === 0) this.#places.delete(place);
    };
  }
}
