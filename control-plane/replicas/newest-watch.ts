/**
 * Finds out what other control planes have changed: a newer revision or purge is announced to the nodes connected here, and everybody who waits
 * for something looks again.
 */
import type { PurgeSource } from "../purges/purge-source.ts";
import type { ChangeSignal } from "../rollout/change-signal.ts";
import type { Fleet } from "../rollout/fleet.ts";
import type { StateSource } from "../rollout/state-source.ts";
import type { Store } from "../store.ts";

export interface NewestWatchOptions {
  readonly store: Store;
  readonly fleet: Pick<Fleet, "announce" | "announcePurges">;
  readonly states: Pick<StateSource, "newestRevision">;
  readonly purges: Pick<PurgeSource, "newestSequence">;
  readonly signal: ChangeSignal;
}

export class NewestWatch {
  readonly #options: NewestWatchOptions;

  constructor(options: NewestWatchOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { store, fleet, states, purges, signal } = this.#options;
    const newest = await store.read(async (view) => ({
      revision: (await view.revisions.current()).revision,
      purge: (await view.purges.latest())?.sequence ?? 0,
    }));
    if (newest.revision > states.newestRevision) fleet.announce(newest.revision);
    if (newest.purge > purges.newestSequence) fleet.announcePurges(newest.purge);
    signal.notify();
  }
}
