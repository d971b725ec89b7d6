/**
 * One home's isolate host: has at most one process at a time, gives it the versions it is asked for, and lets invocations wait while it starts.
 *
 * It does not decide who lives here. Invariants: an invocation is running, waiting, or was answered; a version is sent to a process once,
 * right before its first use there.
 */
import type { Invocation, InvocationHost, Outcome, RunnableVersion, TracedInvocation } from "../../runtime/driver.ts";
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import type { Home } from "./host-placement.ts";
import type { HostSupply } from "./host-supply.ts";
import type { IsolateHost } from "./isolate-host.ts";
import { RecentKeys } from "./recent-keys.ts";

export interface HostSlotOptions {
  readonly home: Home;
  readonly supply: HostSupply;
  readonly environment: Pick<RuntimeEnvironment, "startTimer">;
  /** Of all slots together. */
  readonly waiters: { count: number };
}

export class HostSlot {
  readonly home: Home;
  /** Its owner's own notes: since when nobody lives here, or null; when it lost a process last. */
  emptySinceMs: number | null = null;
  lostAtMs: number = -Infinity;
  /** Of a home of one version: instances that are reserved in it. */
  kept = 0;
  readonly #options: HostSlotOptions;
  #host: IsolateHost | null = null;
  #cancelTake: (() => void) | null = null;
  readonly #waiting = new Set<(host: IsolateHost | null) => void>();
  readonly #used = new RecentKeys();
  /** Beside those: who has instances in the process for another reason. */
  readonly #kept = new RecentKeys();

  constructor(options: HostSlotOptions) {
    this.#options = options;
    this.home = options.home;
  }

  get host(): IsolateHost | null {
    return this.#host;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** It has a process of its own that does nothing at the moment. */
  get isSpare(): boolean {
    return this.home.kind !== "shared" && this.#host?.driver.active === 0 && this.waiting === 0;
  }

  /** Keys of versions that were used in the last one to two generations. */
  get recent(): readonly string[] {
    return this.#used.keys;
  }

  /** Keys of versions that have, or may have, instances here. */
  get present(): readonly string[] {
    return [...new Set([...this.#used.keys, ...this.#kept.keys])];
  }

  /** Begins a new generation of `recent` and `present`. */
  age(): void {
    this.#used.age();
    this.#kept.age();
  }

  /** The process said that these have instances. */
  saw(keys: readonly string[]): void {
    for (const key of keys) this.#kept.add(key);
  }

  /** The version lives elsewhere. */
  forget(key: string): void {
    this.#used.delete(key);
    this.#kept.delete(key);
  }

  /** Runs the invocation, at once or when there is a process. */
  run(version: RunnableVersion, invocation: Invocation, host: InvocationHost): TracedInvocation {
    this.#used.add(version.key);
    const process = this.#host;
    if (process !== null) return start(process, { version, invocation, host });
    return this.#runLater(version, invocation, host);
  }

  async warm(version: RunnableVersion, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    const process = this.#host ?? (await this.#whenHost().host);
    if (process === null) return unavailable;
    this.#kept.add(version.key);
    await process.driver.load(version);
    return process.driver.warm(version.key, count);
  }

  /** Nothing for a version that is suspected or in quarantine, or that has no process. */
  async prewarm(version: RunnableVersion): Promise<void> {
    const { kind } = this.home;
    const process = this.#host;
    if (process === null || (kind !== "shared" && kind !== "dedicated")) return;
    this.#kept.add(version.key);
    await process.driver.load(version);
    await process.driver.prewarm(version.key);
  }

  /** Where there is no process, it is there when this is said again. One of its own costs no other version its process. */
  reserve(version: RunnableVersion, count: number): void {
    const process = this.#host;
    this.kept = count;
    if (process === null) {
      if (count > 0 && (this.home.kind === "shared" || this.#options.supply.hasRoom)) this.wake();
      return;
    }
    this.#kept.add(version.key);
    void process.driver.load(version);
    process.driver.reserve(version.key, count);
  }

  /** Sees to it that there is a process. */
  wake(): void {
    if (this.#host !== null || this.#cancelTake !== null) return;
    let isTaken = false;
    const use = (host: IsolateHost): void => {
      isTaken = true;
      this.#cancelTake = null;
      this.use(host);
    };
    // Who is quarantined or noisy does not cost the others the process that stands by.
    const canWait = this.home.kind === "quarantine" || this.home.kind === "noisy";
    const cancel = this.#options.supply.take(use, { canWait });
    if (!isTaken) this.#cancelTake = cancel;
  }

  /** From now on this is the process. */
  use(host: IsolateHost): void {
    this.#cancelTake?.();
    this.#cancelTake = null;
    this.#host = host;
    for (const go of this.#waiting) go(host);
  }

  /** Gives the process up, for whoever ends it. */
  retire(): IsolateHost | null {
    const host = this.#host;
    this.#host = null;
    if (this.#waiting.size > 0) this.wake();
    return host;
  }

  close(): void {
    this.#cancelTake?.();
    this.#cancelTake = null;
    this.#host = null;
    for (const go of this.#waiting) go(null);
  }

  #runLater(version: RunnableVersion, invocation: Invocation, host: InvocationHost): TracedInvocation {
    let running: TracedInvocation | null = null;
    let isCancelled = false;
    const waiting = this.#whenHost();
    const outcome = waiting.host.then((process) => {
      if (process === null) return isCancelled ? aborted : unavailable;
      running = start(process, { version, invocation, host });
      return running.outcome;
    });
    return {
      outcome,
      cancel: () => {
        isCancelled = true;
        if (running === null) waiting.giveUp();
        else running.cancel();
      },
      isRepeatable: () => running === null || running.isRepeatable(),
    };
  }

  /** The process, or null when there is none in time. */
  #whenHost(): { readonly host: Promise<IsolateHost | null>; readonly giveUp: () => void } {
    const { environment, waiters } = this.#options;
    if (waiters.count >= nodeLimits.hostWaitersMax) return { host: Promise.resolve(null), giveUp: ignore };
    const { promise, resolve } = Promise.withResolvers<IsolateHost | null>();
    const go = (host: IsolateHost | null): void => {
      if (!this.#waiting.delete(go)) return;
      waiters.count -= 1;
      cancel();
      resolve(host);
    };
    const giveUp = (): void => {
      go(null);
    };
    const cancel = environment.startTimer(nodeLimits.hostWaitMs, giveUp);
    waiters.count += 1;
    this.#waiting.add(go);
    this.wake();
    return { host: promise, giveUp };
  }
}

interface Run {
  readonly version: RunnableVersion;
  readonly invocation: Invocation;
  readonly host: InvocationHost;
}

function start(process: IsolateHost, { version, invocation, host }: Run): TracedInvocation {
  // The link keeps order: the version arrives first. A second load of it does nothing.
  void process.driver.load(version);
  return process.driver.invoke(invocation, host);
}

/** What is answered when no process could be had. */
export const unavailable: Extract<Outcome, { kind: "failed" }> = {
  kind: "failed",
  code: "FUNCTION_UNAVAILABLE",
  message: "The function version is not loaded, or its host is being restarted",
  stack: "",
  passThrough: false,
};

export const aborted: Extract<Outcome, { kind: "failed" }> = {
  ...unavailable,
  code: "REQUEST_ABORTED",
  message: "The client went away before a host was there",
};

function ignore(): void {}
