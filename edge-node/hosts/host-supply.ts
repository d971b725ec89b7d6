/**
 * Where isolate host processes come from: one stands by and is handed out at once, others are started as fast as the budget allows.
 *
 * It knows no versions and no placement. Invariants: there are never more than `processesMax` processes; starts take no more than the budget;
 * who waits longest is served first.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { IsolateHost } from "./isolate-host.ts";
import type { RestartBudget } from "./restart-budget.ts";

export interface HostSupplyOptions {
  readonly start: () => IsolateHost;
  readonly processesMax: number;
  readonly budget: RestartBudget;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
  /** A process is wanted and there are too many: ends one that is least needed, if any is. */
  readonly onPressure: () => void;
}

type Use = (host: IsolateHost) => void;

const refillDelayMs = 200;

export class HostSupply {
  readonly #options: HostSupplyOptions;
  readonly #wanted = new Set<Use>();
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

  get standby(): IsolateHost | null {
    return this.#standby;
  }

  /** Hands a process to `use`, at once when one stands by. Returns what takes the wish back. */
  take(use: Use): () => void {
    this.#wanted.add(use);
    this.#serve();
    return () => {
      this.#wanted.delete(use);
    };
  }

  /** Starts one that stands by, if there is none. */
  keepStandby(): void {
    if (!this.#closed && this.#standby === null) this.#startNext();
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
    this.#cancelNext?.();
    this.#cancelRefill?.();
  }

  #serve(): void {
    if (this.#closed) return;
    this.#handOut();
    while (this.#wanted.size > 0) {
      if (!this.#startNext()) return;
      this.#handOut();
    }
    if (this.#standby === null) this.#refillLater();
  }

  /** Starts the next one, which stands by until it is handed out; false when it may not yet. */
  #startNext(): boolean {
    if (this.#cancelNext !== null) return false;
    if (this.#living.size >= this.#options.processesMax) {
      if (this.#wanted.size > 0) this.#options.onPressure();
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
    this.#standby = this.startOne();
    return true;
  }

  /** Not while the one that was taken is getting its versions. */
  #refillLater(): void {
    this.#cancelRefill ??= this.#options.environment.startTimer(refillDelayMs, () => {
      this.#cancelRefill = null;
      if (!this.#closed && this.#standby === null) this.#startNext();
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
    const { environment, budget } = this.#options;
    const startedMs = environment.nowMs();
    host.driver.ping().then(
      () => {
        if (!host.ended) budget.took(environment.nowMs() - startedMs);
      },
      () => undefined,
    );
  }
}
