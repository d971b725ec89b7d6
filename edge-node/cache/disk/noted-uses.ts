/** Entries that were used and are not marked so on the disk yet: written in batches, each once. A batch that fails is dropped. */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { CancelTimer, Clock } from "../../clock.ts";
import type { EntryIndex } from "./entry-index.ts";

export class NotedUses {
  readonly #index: EntryIndex;
  readonly #clock: Clock;
  #slots = new Set<number>();
  #timer: CancelTimer | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(index: EntryIndex, clock: Clock) {
    this.#index = index;
    this.#clock = clock;
  }

  note(slot: number): void {
    if (this.#slots.size >= diskCacheLimits.usesMax) return;
    this.#slots.add(slot);
    this.#timer ??= this.#clock.after(diskCacheLimits.usesMs, () => {
      this.#timer = null;
      this.#work = this.#work.then(() => this.flush());
    });
  }

  async flush(): Promise<void> {
    const slots = this.#slots;
    this.#slots = new Set();
    try {
      for (const slot of slots) await this.#index.noteUse(slot);
    } catch {
      // A use that is not noted only makes the entry leave earlier.
    }
  }

  async close(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    await this.#work;
  }
}
