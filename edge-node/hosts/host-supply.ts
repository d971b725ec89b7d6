/**
 * Where isolate host processes come from: one stands by and is handed out at once, others are started as fast as the budget allows.
 *
 * It knows no versions and no placement. Invariants: there are never more than `processesMax` processes; starts take no more than the budget;
 * who waits longest is served first, but nobody who can wait before one who cannot, and never with the one that stands by.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { IsolateHost } from "./isolate-host.ts";
import type { RestartBudget } from "./restart-budget.ts";

export interface HostSupplyOptions {
  readonly start: () => IsolateHost;
  readonly processesMax: number;
  readonly budget: RestartBudget;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
  /** CPU time of a process in milliseconds, or null when it cannot be told. */
  readonly cpuMs: (pid: number) => number | null;
  /** A process is wanted and there are too many: ends one that is least needed, if any is. */
  readonly onPressure: () => void;
}

type Use = (host: IsolateHost) => void;

const refillDelayMs = 200;

export class HostSupply {
  readonly #options: HostSupplyOptions;
  readonly #wanted = new Set<Use>();
  /** Of those who can wait. */
  readonly #wantedLast = new Set<Use>();
  readonly #living = new Set<IsolateHost>();
  #standby: IsolateHost | null = null;
  #cancelNext: (() => void) | null = null;
  #cancelRefill: (() => void) | null = null;
  #closed = false;

  constructor(options: HostSupplyOptions) {
    this.#options = options;
  }

  /** A process at the node's own start, which no budget holds back. */
  startOne(): IsolateHost {
    const host = this.#options.start();
    this.#living.add(host);
    this.#measure(host);
    return host;
  }

  /** Living processes, the one that stands by included. */
  get living(): ReadonlySet<IsolateHost> {
    return this.#living;
  }

  /** Whether one more may be started without another being ended for it, and nobody waits for one. */
  get hasRoom(): boolean {
    return this.#living.size < this.#options.processesMax && this.#wanted.size + this.#wantedLast.size === 0;
  }

  get standby(): IsolateHost | null {
    return this.#standby;
  }

  /** Hands a process to `use`, at once when one stands by and `use` is not one who can wait. Returns what takes the wish back. */
  take(use: Use, { canWait }: { readonly canWait: boolean }): () => void {
    const wanted = canWait ? this.#wantedLast : this.#wanted;
    wanted.add(use);
    this.#serve();
    return () => {
      wanted.delete(use);
    };
  }

  /** Starts one that stands by, if there is none. */
  keepStandby(): void {
    if (!this.#closed && this.#standby === null && this.#mayStart()) this.#standby = this.startOne();
  }

  /** A process of this supply ended. */
  ended(host: IsolateHost): void {
    this.#living.delete(host);
    if (host === this.#standby) this.#standby = null;
    this.#serve();
  }

  /** Starts nothing any more; processes are their owner's to end. */
  close(): void {
    this.#closed = true;
    this.#wanted.clear();
    this.#wantedLast.clear();
    this.#cancelNext?.();
    this.#cancelRefill?.();
  }

  #serve(): void {
    if (this.#closed) return;
    this.#handOut();
    while (this.#wanted.size > 0) {
      if (!this.#mayStart()) return;
      this.#standby = this.startOne();
      this.#handOut();
    }
    if (this.#standby === null) this.#refillLater();
    for (const use of this.#wantedLast) {
      if (!this.#mayStart()) return;
      this.#wantedLast.delete(use);
      use(this.startOne());
    }
  }

  /** Whether one may be started now; if so it was charged. Otherwise whoever waits is served later. */
  #mayStart(): boolean {
    if (this.#cancelNext !== null) return false;
    if (this.#living.size >= this.#options.processesMax) {
      if (this.#wanted.size + this.#wantedLast.size > 0) this.#options.onPressure();
      return false;
    }
    const waitMs = this.#options.budget.take(this.#options.environment.nowMs());
    if (waitMs > 0) {
      this.#cancelNext = this.#options.environment.startTimer(waitMs, () => {
        this.#cancelNext = null;
        this.#serve();
      });
      return false;
    }
    return true;
  }

  /** Not while the one that was taken is getting its versions. */
  #refillLater(): void {
    this.#cancelRefill ??= this.#options.environment.startTimer(refillDelayMs, () => {
      this.#cancelRefill = null;
      this.keepStandby();
    });
  }

  #handOut(): void {
    const [use] = this.#wanted;
    const host = this.#standby;
    if (use === undefined || host === null) return;
    this.#wanted.delete(use);
    this.#standby = null;
    use(host);
  }

  #measure(host: IsolateHost): void {
    const { budget, cpuMs } = this.#options;
    host.driver.ping().then(
      () => {
        const usedMs = host.pid === undefined || host.ended ? null : cpuMs(host.pid);
        if (usedMs !== null) budget.took(usedMs);
      },
      () => undefined,
    );
  }
}
