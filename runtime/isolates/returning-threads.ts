/**
 * The threads of stopped instances on their way back, by function version.
 *
 * A version gets no further instance while one of its threads has not returned, so that it cannot take all threads of the process; when one
 * stays away, the process is not fit any more and `onStuck` is told, once for each version.
 */
import { nodeLimits } from "../../sdk/limits.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import type { EntryWatch } from "./entry-watch.ts";

export interface ReturningThreadsOptions {
  readonly environment: Pick<RuntimeEnvironment, "startTimer">;
  /** Gets the version's key. */
  readonly onStuck: (key: string) => void;
}

export class ReturningThreads {
  readonly #options: ReturningThreadsOptions;
  readonly #away = new Map<string, Set<EntryWatch>>();
  readonly #stuck = new Set<string>();

  constructor(options: ReturningThreadsOptions) {
    this.#options = options;
  }

  /** An instance of version `key` was stopped. `memoryMiB`: its limit; a collection of a large heap is waited for. */
  expect(entries: EntryWatch, { key, memoryMiB }: { readonly key: string; readonly memoryMiB: number }): void {
    if (entries.open === 0) return;
    const away = this.#away.get(key) ?? new Set<EntryWatch>();
    this.#away.set(key, away.add(entries));
    const cancel = this.#options.environment.startTimer(nodeLimits.threadReturnMs + memoryMiB, () => {
      if (this.#stuck.has(key)) return;
      this.#stuck.add(key);
      this.#options.onStuck(key);
    });
    void entries.whenBack().then(() => {
      cancel();
      away.delete(entries);
      if (away.size === 0) this.#away.delete(key);
    });
  }

  /** Resolves when the threads of version `key` that were expected are back. */
  async whenBack(key: string): Promise<void> {
    for (const entries of this.#away.get(key) ?? []) await entries.whenBack();
  }
}
