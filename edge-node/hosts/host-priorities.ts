/**
 * Who gives way on a busy machine: in an isolate host the threads of isolates to the one that serves all of them, and hosts of those that proved
 * hostile to everything else of the node.
 *
 * A priority is only ever lowered, which needs no privilege and cannot be taken back by everybody: a process that was lowered as a whole never
 * serves trusted versions. What the machine refuses is left as it is.
 */
import type { HomeKind } from "./host-placement.ts";
import type { IsolateHost } from "./isolate-host.ts";

/** As `nice` has it: 0 as all others, 19 last. */
const nice = { isolates: 5, apart: 8 } as const;

export interface PriorityControl {
  /** Threads of a process, its first one (with the process's id) included. */
  threads(pid: number): readonly number[];
  lowerThread(thread: number, nice: number): void;
  /** Of a whole session, where the kernel shares time out among sessions first (sched(7), autogroup). */
  lowerSession(pid: number, nice: number): void;
}

export class HostPriorities {
  readonly #control: PriorityControl;
  readonly #lowered = new WeakMap<IsolateHost, ReadonlySet<number>>();
  readonly #apart = new WeakSet<IsolateHost>();

  constructor(control: PriorityControl) {
    this.#control = control;
  }

  /** One look at a host that serves a home of this kind: threads that were started since the last look are lowered. */
  look(host: IsolateHost, kind: HomeKind | "standby" | "ending"): void {
    const { pid } = host;
    if (pid === undefined || host.ended) return;
    if (kind === "quarantine" || kind === "noisy") this.#setApart(host, pid);
    const isApart = this.#apart.has(host);
    const known = this.#lowered.get(host);
    const threads = this.#control.threads(pid);
    for (const thread of threads) {
      if (known?.has(thread) === true || (thread === pid && !isApart)) continue;
      this.#control.lowerThread(thread, isApart ? nice.apart : nice.isolates);
    }
    this.#lowered.set(host, new Set(isApart ? threads : threads.filter((thread) => thread !== pid)));
  }

  #setApart(host: IsolateHost, pid: number): void {
    if (this.#apart.has(host)) return;
    this.#apart.add(host);
    this.#lowered.delete(host);
    this.#control.lowerSession(pid, nice.apart);
  }
}
