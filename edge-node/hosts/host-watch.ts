/**
 * Looks at isolate hosts again and again: whether they give signs of life, and how much memory they have.
 *
 * A host that answers requests costs nothing to watch; only one that said nothing since the last look is asked. Looks are counted, not timed,
 * and a look that comes late says nothing, so that a front or machine that slept ends nobody's host.
 */
import { nodeLimits } from "../../sdk/limits.ts";
import type { IsolateHost } from "./isolate-host.ts";

export type Finding =
  | { readonly kind: "fit" }
  | { readonly kind: "hangs" }
  /** `isUrgent`: so far beyond that nothing can be waited for. */
  | { readonly kind: "too-large"; readonly rssMiB: number; readonly isUrgent: boolean };

export interface HostWatchOptions {
  /** Resident memory, or null when it cannot be told. */
  readonly rssMiB: (pid: number) => number | null;
  /** Of a host without instances. */
  readonly memoryMiBMax: number;
}

/** What an instance may add to its host's memory before anybody asks why. */
const instanceMiB = 4;
const urgentFactor = 1.5;
/** A process that has not answered yet is starting: it is given longer. */
const startFactor = 10;

interface Watched {
  heard: number;
  silent: number;
  isAsked: boolean;
  rssMiB: number;
}

export class HostWatch {
  readonly #options: HostWatchOptions;
  readonly #watched = new WeakMap<IsolateHost, Watched>();

  constructor(options: HostWatchOptions) {
    this.#options = options;
  }

  /** As of the last look, 0 before. */
  rssMiB(host: IsolateHost): number {
    return this.#watched.get(host)?.rssMiB ?? 0;
  }

  /** One look. `isLate`: the last one is longer ago than it should be. */
  look(host: IsolateHost, { isLate }: { readonly isLate: boolean }): Finding {
    const watched = this.#watched.get(host) ?? { heard: 0, silent: 0, isAsked: false, rssMiB: 0 };
    this.#watched.set(host, watched);
    const { driver } = host;
    if (driver.heard > watched.heard || isLate) {
      watched.heard = driver.heard;
      watched.silent = 0;
    } else watched.silent += 1;
    if (watched.silent > 0 && !watched.isAsked) {
      watched.isAsked = true;
      void driver.ping().then(() => {
        watched.isAsked = false;
      });
    }
    // The first silent look only asks.
    const silentMax = nodeLimits.hostSilentChecksMax * (watched.heard === 0 ? startFactor : 1);
    if (watched.silent > silentMax) return { kind: "hangs" };
    return this.#weigh(host, watched);
  }

  #weigh(host: IsolateHost, watched: Watched): Finding {
    const rssMiB = host.pid === undefined ? null : this.#options.rssMiB(host.pid);
    if (rssMiB === null) return { kind: "fit" };
    watched.rssMiB = rssMiB;
    const allowed = this.#options.memoryMiBMax + host.driver.instances * instanceMiB;
    if (rssMiB <= allowed) return { kind: "fit" };
    return { kind: "too-large", rssMiB, isUrgent: rssMiB > allowed * urgentFactor };
  }
}
