/**
 * Isolate hosts that get nothing new any more: what still runs in them may finish within a grace, then they are killed.
 *
 * Invariant: a host that is here was judged already, or its end is wanted: its death accuses nobody.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { IsolateHost } from "./isolate-host.ts";

interface Ending {
  readonly deadlineMs: number;
  /** The key of a version that is not waited for. */
  readonly except: string | undefined;
}

export class EndingHosts {
  readonly #environment: Pick<RuntimeEnvironment, "nowMs">;
  readonly #ending = new Map<IsolateHost, Ending>();
  readonly #killed = new WeakSet<IsolateHost>();
  readonly #known = new WeakSet<IsolateHost>();

  constructor(environment: Pick<RuntimeEnvironment, "nowMs">) {
    this.#environment = environment;
  }

  get hosts(): Iterable<IsolateHost> {
    return this.#ending.keys();
  }

  /** No process is being waited for. */
  get isEmpty(): boolean {
    return this.#ending.size === 0;
  }

  /** Also of one that ended long ago. */
  has(host: IsolateHost): boolean {
    return this.#known.has(host);
  }

  /** Ends `host` when nothing runs in it but `except`, at the latest after `graceMs`. */
  add(host: IsolateHost, { graceMs, except }: { readonly graceMs: number; readonly except?: string }): void {
    if (this.#known.has(host)) return;
    this.#known.add(host);
    const nowMs = this.#environment.nowMs();
    this.#ending.set(host, { deadlineMs: nowMs + graceMs, except });
    this.look(nowMs);
  }

  /** Kills those whose time is over. */
  look(nowMs: number): void {
    for (const [host, { deadlineMs, except }] of this.#ending) {
      const isQuiet = host.driver.running.every((key) => key === except);
      if (isQuiet || nowMs >= deadlineMs) this.#kill(host);
    }
  }

  /** Kills the one whose time is over first; false when there is none. */
  endOne(): boolean {
    const [first] = [...this.#ending]
      .filter(([host]) => !this.#killed.has(host))
      .toSorted(([, a], [, b]) => a.deadlineMs - b.deadlineMs);
    if (first === undefined) return false;
    this.#kill(first[0]);
    return true;
  }

  ended(host: IsolateHost): void {
    this.#ending.delete(host);
  }

  close(): void {
    this.#ending.clear();
  }

  #kill(host: IsolateHost): void {
    if (this.#killed.has(host)) return;
    this.#killed.add(host);
    host.kill();
  }
}
